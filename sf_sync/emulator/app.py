"""Assembles the emulator: org, sessions, faults, journal and the ASGI application.

How the pieces made elsewhere fit in, all called here:

- `automation.register_automation(org)` adds its functions with `org.add_automation`;
- `console.make_console(org, faults) -> ASGIApp` answers every path outside `/services`, `/id` and
`/emulator`, so `/` and `/console/…`;
- `pubsub.server.PubSubServer(org, sessions, faults, settings)` has `async start()`, `async stop()` and
  `port`.
"""

from sf_sync.emulator.asgi import ASGIApp
from sf_sync.emulator.faults import Faults
from sf_sync.emulator.journal import Journal
from sf_sync.emulator.sessions import Sessions
from sf_sync.emulator.settings import EmulatorSettings
from sf_sync.emulator.store import Org


class Emulator:
    """A running org. `asgi` serves REST, console and control plane; `start` opens the gRPC side."""

    asgi: ASGIApp
    org: Org
    sessions: Sessions
    faults: Faults
    journal: Journal
    settings: EmulatorSettings

    async def start(self) -> None:
        """Open the gRPC listeners."""
        raise NotImplementedError

    async def stop(self) -> None:
        """Close the listeners and the log."""
        raise NotImplementedError


def create_emulator(settings: EmulatorSettings) -> Emulator:
    """An emulator with its data restored from `settings.data_dir`, or a new org in memory. Nothing listens
    yet."""
    raise NotImplementedError
