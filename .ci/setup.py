"""Makes `.venv` with exactly the packages of requirements.lock. Standard library only; does nothing when all is there.

Run by `make`. Written for old Pythons too, so that one that is too old can say so or find a newer one.
"""

from __future__ import annotations

import fcntl
import hashlib
import os
import re
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

OLDEST = (3, 11)
ROOT = Path(__file__).resolve().parent.parent
VENV = ROOT / ".venv"
PYTHON = VENV / "bin" / "python"
LOCK = ROOT / "requirements.lock"
STAMP = VENV / "setup.stamp"
# Whatever one of these changes, the environment may not be right any more.
SOURCES = (LOCK, ROOT / "pyproject.toml", Path(__file__))


class SetupError(Exception):
    """The text is one sentence for a terminal."""


def main() -> int:
    if sys.version_info < OLDEST:
        return run_with_newer_python()
    if is_done():
        return 0
    (ROOT / ".tools").mkdir(exist_ok=True)
    with (ROOT / ".tools" / "setup.lock").open("w") as lock:
        # `make run` and `make test` may start together on a fresh machine.
        fcntl.flock(lock, fcntl.LOCK_EX)
        try:
            if not is_done():
                set_up()
        except SetupError as error:
            sys.stderr.write(f"Set-up failed: {error}\n")
            return 1
    return 0


def run_with_newer_python() -> int:
    for minor in range(19, OLDEST[1] - 1, -1):
        found = shutil.which(f"python3.{minor}")
        if found:
            os.execv(found, [found, *sys.argv])  # noqa: S606
    sys.stderr.write(
        f"Set-up failed: Python 3.11 or newer is needed and {sys.executable} is {name_version()}; "
        "install one, or name it with `make PYTHON=/path/to/python3.11`.\n"
    )
    return 1


def name_version() -> str:
    return ".".join(map(str, sys.version_info[:2]))


def is_done() -> bool:
    return STAMP.exists() and os.access(PYTHON, os.X_OK) and STAMP.read_text() == make_stamp()


def make_stamp() -> str:
    """The folder is part of it: a copied checkout must not run the code of the one it was copied from."""
    digest = hashlib.sha256(str(ROOT).encode())
    for source in SOURCES:
        digest.update(source.read_bytes())
    return digest.hexdigest()


def set_up() -> None:
    STAMP.unlink(missing_ok=True)
    uv = shutil.which("uv")
    make_venv(needs_pip=uv is None)
    install_packages(uv or install_uv())
    STAMP.write_text(make_stamp())
    say("done; the command line is .venv/bin/bff")


def make_venv(*, needs_pip: bool) -> None:
    if is_usable(needs_pip=needs_pip):
        return
    if VENV.exists():
        shutil.rmtree(VENV)
    if needs_pip:
        provide_ensurepip()
    say(f"making .venv with Python {name_version()}")
    command = [sys.executable, "-m", "venv", str(VENV)]
    run(command if needs_pip else [*command, "--without-pip"], "the virtual environment could not be made")


def is_usable(*, needs_pip: bool) -> bool:
    if not os.access(PYTHON, os.X_OK):
        return False
    check = f"import sys; sys.exit(sys.version_info < {OLDEST})"
    return succeeds([str(PYTHON), "-c", f"import pip; {check}" if needs_pip else check])


def provide_ensurepip() -> None:
    """Debian and Ubuntu keep this part of Python in a package of its own."""
    if succeeds([sys.executable, "-c", "import ensurepip, venv"]):
        return
    versioned = f"python{name_version()}-venv"
    if os.geteuid() == 0 and shutil.which("apt-get"):
        say(f"installing {versioned} with apt")
        apt = ["env", "DEBIAN_FRONTEND=noninteractive", "apt-get", "-o", "DPkg::Lock::Timeout=120", "-qq"]
        succeeds([*apt, "update"])
        if any(succeeds([*apt, "install", "-y", package]) for package in (versioned, "python3-venv")):
            return
    raise SetupError(
        f"Python's venv module is incomplete; ask for the package {versioned} (Debian, Ubuntu) and start again"
    )


def install_uv() -> str | None:
    """The uv that the lock pins, by pip; None when that fails, since pip alone can do the rest, slower."""
    say("installing uv")
    with tempfile.NamedTemporaryFile("w", suffix=".txt") as wanted:
        wanted.write(find_locked("uv"))
        wanted.flush()
        command = [
            str(PYTHON),
            "-m",
            "pip",
            "install",
            "--quiet",
            "--no-deps",
            "--require-hashes",
            "-r",
            wanted.name,
        ]
        if subprocess.run(command, check=False).returncode:  # noqa: S603
            say("uv could not be installed; using pip")
            return None
    return str(VENV / "bin" / "uv")


def find_locked(name: str) -> str:
    """One package of the lock with its hashes."""
    found = re.search(rf"^{re.escape(name)}==.*(?:\n[ \t]+.*)*", LOCK.read_text(), re.MULTILINE)
    if found is None:
        raise SetupError(f"requirements.lock does not name {name}; run `make lock`")
    return found.group() + "\n"


def install_packages(uv: str | None) -> None:
    say("installing the packages of requirements.lock")
    if uv is None:
        run_pip("install", "--require-hashes", "-r", str(LOCK))
        run_pip("install", "--no-deps", "--no-build-isolation", "-e", str(ROOT))
        return
    run_uv(uv, "sync", "--require-hashes", "--compile-bytecode", str(LOCK))
    run_uv(uv, "install", "--no-deps", "--no-build-isolation", "-e", str(ROOT))


def run_pip(verb: str, *arguments: str) -> None:
    run([str(PYTHON), "-m", "pip", verb, "--quiet", *arguments], NOT_INSTALLED)


def run_uv(uv: str, verb: str, *arguments: str) -> None:
    command = [uv, "pip", verb, "--quiet", "--python", str(PYTHON), *arguments]
    run(command, NOT_INSTALLED, environment=make_uv_environment())


NOT_INSTALLED = "the packages could not be installed; is a package registry within reach?"


def make_uv_environment() -> dict[str, str]:
    """uv reads none of pip's settings, so a machine that reaches its registry by them says it once for both."""
    # The machine's own certificates, as pip uses them: a company's registry is often behind its own authority.
    # Older versions know the setting by the second name.
    certificates = {"UV_SYSTEM_CERTS": "true", "UV_NATIVE_TLS": "true"}
    environment = {**certificates, **os.environ, "UV_PYTHON_DOWNLOADS": "never"}
    environment.pop("VIRTUAL_ENV", None)
    cache = Path(environment.get("XDG_CACHE_HOME") or Path.home() / ".cache")
    if "UV_CACHE_DIR" not in environment and not os.access(
        cache if cache.exists() else cache.parent, os.W_OK
    ):
        environment["UV_CACHE_DIR"] = str(ROOT / ".tools" / "uv-cache")
    if "PIP_CERT" in environment:
        environment.setdefault("SSL_CERT_FILE", environment["PIP_CERT"])
    if not any(
        name in environment for name in ("UV_DEFAULT_INDEX", "UV_INDEX_URL", "UV_INDEX", "UV_FIND_LINKS")
    ):
        environment.update(translate_pip_settings())
    return environment


def translate_pip_settings() -> dict[str, str]:
    answer = subprocess.run(
        [sys.executable, "-m", "pip", "config", "list"],
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        check=False,
    )
    settings: dict[str, list[str]] = {}
    # The later line wins: pip lists what it reads last, its environment, at the end.
    for line in answer.stdout.decode().splitlines():
        key, _, value = line.partition("=")
        words = value.strip().strip("'\"").replace("\\n", " ").split()
        settings[key.rpartition(".")[2]] = words
    made = {
        "UV_DEFAULT_INDEX": " ".join(settings.get("index-url", [])),
        "UV_INDEX": " ".join(settings.get("extra-index-url", [])),
        "UV_FIND_LINKS": ",".join(settings.get("find-links", [])),
    }
    if made["UV_INDEX"]:
        # Which index a file comes from does not matter, since its hash is known.
        made["UV_INDEX_STRATEGY"] = "unsafe-best-match"
    return {name: value for name, value in made.items() if value}


def run(command: list[str], failure: str, *, environment: dict[str, str] | None = None) -> None:
    if subprocess.run(command, env=environment, cwd=str(ROOT), check=False).returncode:  # noqa: S603
        raise SetupError(failure)


def succeeds(command: list[str]) -> bool:
    """Without a word of its output."""
    return subprocess.run(command, check=False, capture_output=True).returncode == 0  # noqa: S603


def say(line: str) -> None:
    sys.stdout.write(f"set-up: {line}\n")
    sys.stdout.flush()


if __name__ == "__main__":
    sys.exit(main())
