"""Where a cluster lives when the account that runs PostgreSQL can't get to the data folder (a 0700 home, mktemp).

Each such folder says whose it is, so that one whose data folder was deleted is deleted too, at the next start of any.
"""

import hashlib
import shutil
import signal
from contextlib import suppress
from pathlib import Path

from bff.engines.accounts import make_private_folder
from bff.engines.errors import EngineError
from bff.engines.processes import is_running, stop_stray

_SHARED = Path("/var/tmp")  # noqa: S108 - every account may pass through it, and it is kept over restarts
_PREFIX = "portal-bff-data-"
_OWNER = "owner"


def provide_away(folder: Path, *, uid: int | None) -> Path:
    """The folder that stands in for `folder`, empty. Raises EngineError."""
    away = _SHARED / (_PREFIX + hashlib.sha256(str(folder).encode()).hexdigest()[:16])
    if away.exists():
        # Left by a data folder of this name that was deleted, and with it the passwords.
        if pid := _find_server(away):
            stop_stray(pid, command_contains=str(away), with_signal=signal.SIGINT)
        shutil.rmtree(away)
    make_private_folder(away, uid=uid)
    if away.stat().st_uid != uid:
        raise EngineError(f"{away} belongs to another account; choose another --data-dir.")
    (away / _OWNER).write_text(f"{folder}\n")
    return away


def forget_orphans() -> None:
    """Delete the stand-ins of data folders that are gone. For root, who makes them and may look everywhere."""
    for owner in _SHARED.glob(f"{_PREFIX}*/{_OWNER}"):
        # Another start may be doing the same.
        with suppress(FileNotFoundError):
            if not Path(owner.read_text().strip()).exists() and _find_server(owner.parent) is None:
                shutil.rmtree(owner.parent)


def _find_server(away: Path) -> int | None:
    lock = away / "postgres" / "postmaster.pid"
    pid = int(lock.read_text().split("\n", 1)[0]) if lock.exists() else None
    return pid if pid is not None and is_running(pid, command_contains=str(away)) else None
