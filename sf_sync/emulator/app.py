"""Assembles the emulator: org, automation, sessions, faults, journal, REST, console and Pub/Sub."""

import asyncio
from collections.abc import Callable
from datetime import datetime, timedelta

from sf_sync.emulator.asgi import ASGIApp
from sf_sync.emulator.automation import register_automation
from sf_sync.emulator.blobs import Blobs
from sf_sync.emulator.commit_log import open_log
from sf_sync.emulator.console.app import make_console
from sf_sync.emulator.demo import seed_demo
from sf_sync.emulator.faults import Faults
from sf_sync.emulator.files import register_files
from sf_sync.emulator.journal import Journal
from sf_sync.emulator.platform_seed import seed_platform
from sf_sync.emulator.pubsub.server import PubSubServer
from sf_sync.emulator.rest.context import Context
from sf_sync.emulator.rest.control import ControlPlane
from sf_sync.emulator.rest.cursors import Cursors
from sf_sync.emulator.rest.gateway import Gateway
from sf_sync.emulator.rest.resources import dispatch
from sf_sync.emulator.rest.usage import ApiUsage
from sf_sync.emulator.rollups import register_rollups
from sf_sync.emulator.schema.catalogue import ENTITIES
from sf_sync.emulator.serving import HttpServer
from sf_sync.emulator.sessions import Sessions
from sf_sync.emulator.settings import EmulatorSettings
from sf_sync.emulator.soql.engine import SoqlEngine
from sf_sync.emulator.store import Org, utc_now


class Emulator:
    """An org with its services. `asgi` serves REST, console and control plane, with or without a socket;
    `start` opens the gRPC side."""

    def __init__(self, settings: EmulatorSettings, org: Org) -> None:
        self.settings = settings
        self.org = org
        self.faults = Faults()
        self.sessions = Sessions(now=org.now, lifetime_s=settings.session_s)
        self.journal = Journal(size=settings.journal_calls)
        self.pubsub = PubSubServer(org, self.sessions, self.faults, settings)
        self.asgi: ASGIApp = Gateway(
            _make_context(self),
            journal=self.journal,
            control=_make_control(self),
            console=make_console(org, self.faults, self.pubsub.control),
        )

    async def start(self) -> None:
        """Open the gRPC listeners. Raises OSError when a port is taken."""
        await self.pubsub.start()

    async def stop(self) -> None:
        """Close the listeners and the log."""
        await self.pubsub.stop()
        if self.org.log is not None:
            self.org.log.close()


def create_emulator(settings: EmulatorSettings, *, now: Callable[[], datetime] = utc_now) -> Emulator:
    """An emulator with its org restored from `settings.data_dir`, or a new org in memory. Nothing listens yet."""
    org = Org(ENTITIES, now=now, retention=timedelta(seconds=settings.retention_s))
    register_rollups(org)
    register_files(org)
    register_automation(org)
    if settings.data_dir is not None:
        org.log = open_log(org, settings.data_dir)
        org.open_blobs(Blobs(settings.data_dir / "files"))
    seed_platform(org)
    if settings.demo:
        seed_demo(org)
    emulator = Emulator(settings, org)
    org.on_commit(emulator.journal.record_commit)
    return emulator


async def run_emulator(
    settings: EmulatorSettings,
    stop: asyncio.Event,
    *,
    ready: Callable[[Emulator, HttpServer], None] | None = None,
) -> None:
    """Serve both ports until `stop` is set. `ready` is called once when both listen, with the real ports in them.
    Raises OSError when a port is taken."""
    emulator = create_emulator(settings)
    server = HttpServer(emulator.asgi, host=settings.host, port=settings.port)
    try:
        await emulator.start()
        await server.start()
        if ready is not None:
            ready(emulator, server)
        await stop.wait()
        await server.stop()
    finally:
        await emulator.stop()


def _make_context(emulator: Emulator) -> Context:
    org = emulator.org
    return Context(
        org=org,
        soql=SoqlEngine(org),
        sessions=emulator.sessions,
        faults=emulator.faults,
        cursors=Cursors(now=org.now),
        usage=ApiUsage(now=org.now, allowance=emulator.settings.daily_api_requests),
        settings=emulator.settings,
        dispatch=dispatch,
    )


def _make_control(emulator: Emulator) -> ControlPlane:
    return ControlPlane(
        org=emulator.org,
        faults=emulator.faults,
        journal=emulator.journal,
        sessions=emulator.sessions,
        stream=emulator.pubsub.control,
    )
