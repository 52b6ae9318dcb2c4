"""What the handlers of the REST side work with."""

from collections.abc import Callable
from typing import TypeAlias

import msgspec

from sf_sync.emulator.faults import Faults
from sf_sync.emulator.rest.cursors import Cursors
from sf_sync.emulator.rest.messages import ApiAnswer, ApiRequest
from sf_sync.emulator.rest.usage import ApiUsage
from sf_sync.emulator.sessions import Sessions
from sf_sync.emulator.settings import EmulatorSettings
from sf_sync.emulator.soql.engine import SoqlEngine
from sf_sync.emulator.store import Org

Dispatch: TypeAlias = Callable[["Context", ApiRequest], ApiAnswer]
"""Carries out one call or subrequest; refusals come back as answers."""


class Context(msgspec.Struct, kw_only=True):
    org: Org
    soql: SoqlEngine
    sessions: Sessions
    faults: Faults
    cursors: Cursors
    usage: ApiUsage
    settings: EmulatorSettings
    dispatch: Dispatch
    """For the resources that carry other calls: composite and batch."""
