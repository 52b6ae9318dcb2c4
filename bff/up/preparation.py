"""Whether the database must be prepared at this start, or was when it was last the same."""

import hashlib
from pathlib import Path

import msgspec

from bff.up.data_dir import DataDir
from bff.up.plan import Plan

_PROJECT = Path(__file__).parents[2]
_SOURCES = ("bff/db/migrations", "bff/demo", "sf_sync/emulator")


class Preparation(msgspec.Struct, frozen=True):
    """`mark` is the file that says "this code has prepared these engines": looking for it saves a restart two seconds.

    There is none for configured engines, which others may have changed.
    """

    mark: Path | None
    is_needed: bool


def plan_preparation(plan: Plan, data_dir: DataDir) -> Preparation:
    """To be asked before anything is started: an emulator whose data is gone makes its records anew, with new ids."""
    if not (plan.postgres and plan.emulator and plan.demo):
        return Preparation(mark=None, is_needed=True)
    mark = data_dir.engines / f"prepared-{digest_sources()}"
    has_emulator_data = any((data_dir.path / "emulator").glob("*"))
    return Preparation(mark=mark, is_needed=not (has_emulator_data and mark.exists()))


def digest_sources() -> str:
    """Changes with everything that decides what a prepared database holds."""
    digest = hashlib.sha256()
    for folder in _SOURCES:
        for source in sorted((_PROJECT / folder).rglob("*.py")):
            digest.update(source.read_bytes())
    return digest.hexdigest()[:16]
