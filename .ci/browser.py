"""Sees to it that the browser tests have a Chromium, if this machine lets us; never fails.

Order: CHROMIUM, the browsers on PATH, apt when root. Without one those tests are skipped and say why.
"""

import os
import shutil
import subprocess
import sys

NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
# The pages speak Japanese and Arabic too.
PACKAGES = ("chromium", "fonts-noto-core", "fonts-noto-cjk")
APT = ("apt-get", "-o", "DPkg::Lock::Timeout=120")


def main() -> None:
    if os.environ.get("CHROMIUM") or any(map(shutil.which, NAMES)):
        return
    if os.geteuid() == 0 and shutil.which("apt-get"):
        say("set-up: installing Chromium for the browser tests")
        if install():
            return
    say("set-up: no Chromium for the browser tests, they will be skipped; install one or set CHROMIUM")


def install() -> bool:
    environment = {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}
    steps = (["update", "-qq"], ["install", "-y", "-qq", "--no-install-recommends", *PACKAGES])
    for step in steps:
        done = subprocess.run([*APT, *step], env=environment, stdout=subprocess.DEVNULL, check=False)  # noqa: S603
        if done.returncode:
            return False
    return True


def say(line: str) -> None:
    sys.stdout.write(line + "\n")
    sys.stdout.flush()


main()
