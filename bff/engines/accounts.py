"""Which operating-system account runs an engine. PostgreSQL refuses to run as root, so root lends it another one."""

import os
import subprocess
from pathlib import Path

NOBODY = 65534  # the overflow account: exists on every Linux without touching /etc/passwd


def choose_uid() -> int | None:
    """The account for an engine that refuses root; None means our own."""
    return NOBODY if os.geteuid() == 0 else None


def can_reach(path: Path, *, uid: int | None) -> bool:
    """Whether `uid` may pass every folder on the way to `path` and enter or run it.

    Asked of the kernel by a child with that account: mode bits alone miss access lists and mount options.
    """
    if uid is None:
        return os.access(path, os.X_OK)
    answer = subprocess.run(  # noqa: S603
        ["/bin/sh", "-c", 'test -x "$1"', "sh", str(path)],
        user=uid,
        group=uid,
        extra_groups=[],
        cwd="/",
        check=False,
    )
    return answer.returncode == 0


def make_private_folder(path: Path, *, uid: int | None) -> None:
    """A folder that only `uid` (and root) may enter."""
    path.mkdir(mode=0o700, parents=True, exist_ok=True)
    if uid is not None:
        os.chown(path, uid, uid)
