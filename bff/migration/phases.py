"""The phases in their order, and what each does: the table of `docs/features/migration.md`. Pure."""

import hashlib
from enum import StrEnum
from typing import Literal

import msgspec


class Phase(StrEnum):
    LEGACY = "legacy"
    DUAL_WRITE = "dual_write"
    BACKFILL = "backfill"
    VERIFY = "verify"
    SHADOW_READ = "shadow_read"
    RAMP = "ramp"
    SALESFORCE = "salesforce"
    SALESFORCE_ONLY = "salesforce_only"
    PURGED = "purged"


ORDER = tuple(Phase)
_WRITES_TABLE = frozenset(ORDER) - {Phase.SALESFORCE_ONLY, Phase.PURGED}
_WRITES_SALESFORCE = frozenset(ORDER) - {Phase.LEGACY}
_COMPARES = frozenset({Phase.SHADOW_READ, Phase.RAMP})
_TABLE_ANSWERS = frozenset(ORDER[: ORDER.index(Phase.RAMP)])

Answers = Literal["table", "salesforce"]


class Standing(msgspec.Struct, frozen=True, kw_only=True):
    """Where one org stands. `percent` of its accounts are answered by Salesforce while it ramps."""

    phase: Phase
    percent: int = 0
    is_paused: bool = False
    window_id: int = 1

    @property
    def writes_table(self) -> bool:
        return self.phase in _WRITES_TABLE

    @property
    def writes_salesforce(self) -> bool:
        return self.phase in _WRITES_SALESFORCE

    @property
    def compares(self) -> bool:
        return self.phase in _COMPARES

    @property
    def is_over(self) -> bool:
        """Nothing differs any more from an org that never had a table."""
        return not self.writes_table

    def get_answers(self, account_id: str) -> Answers:
        """Who tells this account's status."""
        if self.phase in _TABLE_ANSWERS:
            return "table"
        if self.phase is Phase.RAMP and get_share(account_id) >= self.percent:
            return "table"
        return "salesforce"


def get_share(account_id: str) -> int:
    """0 to 99, the same for an account in every process, so that nobody is answered by turns."""
    return int.from_bytes(hashlib.sha256(account_id.encode()).digest()[:4], "big") % 100


class NoSuchPhase(Exception):
    """There is no phase in that direction."""


def get_next(phase: Phase) -> Phase:
    """Raises NoSuchPhase."""
    if phase is Phase.PURGED:
        raise NoSuchPhase
    return ORDER[ORDER.index(phase) + 1]


def get_previous(phase: Phase) -> Phase:
    """Every phase but the last can be left backwards. Raises NoSuchPhase."""
    if phase in (Phase.LEGACY, Phase.PURGED):
        raise NoSuchPhase
    return ORDER[ORDER.index(phase) - 1]
