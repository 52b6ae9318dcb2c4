"""The last resort for a missing engine: Debian's packages, when we are root and apt is there."""

import os
import shutil
import subprocess
from collections.abc import Sequence

_TIMEOUT_S = 300


def can_install() -> bool:
    """Whether this machine lets us install packages."""
    return os.geteuid() == 0 and shutil.which("apt-get") is not None


def install(packages: Sequence[str]) -> bool:
    """Install `packages` without their recommendations; False when that failed, with apt's own words on stderr."""
    env = {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}
    steps = (["update", "-qq"], ["install", "-y", "-qq", "--no-install-recommends", *packages])
    try:
        for step in steps:
            subprocess.run(  # noqa: S603
                ["apt-get", *step],  # noqa: S607 - found on PATH just before
                env=env,
                check=True,
                timeout=_TIMEOUT_S,
                stdout=subprocess.DEVNULL,
            )
    except (subprocess.SubprocessError, OSError):
        return False
    return True
