"""Gives the browser tests a Chromium and letters for every language, if this machine lets us; never fails.

Order: CHROMIUM, the browsers on PATH, apt when root. Without one those tests are skipped and say why. Without the
fonts they pass as well, but nobody can read the pictures that they leave.
"""

import os
import shutil
import subprocess
import sys

NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
FONTS = ("fonts-noto-core", "fonts-noto-cjk")
SPOKEN = ("ja", "ar")
APT = ("apt-get", "-o", "DPkg::Lock::Timeout=120")


def main() -> None:
    missing = [*([] if has_chromium() else ["chromium"]), *([] if has_fonts() else FONTS)]
    if not missing:
        return
    if os.geteuid() == 0 and shutil.which("apt-get"):
        say(f"installing {', '.join(missing)} for the browser tests")
        install(missing)
    if not has_chromium():
        say("no Chromium for the browser tests, they will be skipped; install one or set CHROMIUM")
    elif not has_fonts():
        say("no font for Japanese or Arabic, so the pictures of the browser tests show boxes in its place")


def has_chromium() -> bool:
    return bool(os.environ.get("CHROMIUM") or any(map(shutil.which, NAMES)))


def has_fonts() -> bool:
    return all(find_font(language) for language in SPOKEN)


def find_font(language: str) -> str:
    try:
        return subprocess.run(  # noqa: S603
            ["fc-list", f":lang={language}", "family"],  # noqa: S607
            check=False,
            capture_output=True,
            text=True,
        ).stdout
    except OSError:
        return ""


def install(packages: list[str]) -> None:
    environment = {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}
    steps = (["update", "-qq"], ["install", "-y", "-qq", "--no-install-recommends", *packages])
    for step in steps:
        subprocess.run([*APT, *step], env=environment, stdout=subprocess.DEVNULL, check=False)  # noqa: S603


def say(line: str) -> None:
    sys.stdout.write(f"set-up: {line}\n")
    sys.stdout.flush()


main()
