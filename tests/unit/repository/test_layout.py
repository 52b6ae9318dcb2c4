"""What lies where, and what must not lie anywhere."""

import re
import tomllib
from collections.abc import Iterator

from tests.unit.repository.sources import ROOT, list_texts, name_of

AT_THE_TOP = {
    "pyproject.toml",
    "requirements.lock",
    "README.md",
    "Makefile",
    "bff",
    "sf_sync",
    "cache",
    "tests",
    "docs",
}
COMMANDS = {"run", "test", "check", "bench", "soak"}
# Written in two parts, so that this file is not its own offender.
FOREIGN = re.compile(
    r"(?<![\w.~])/(?:wo" + r"rk|ro" + r"ot|ho" + r"me|Us" + r"ers)/\w|pypi\.o" + r"rg|pythonho" + r"sted"
)


class TestRepository:
    def test_keeps_its_top_level_small(self) -> None:
        ignored = {line.rstrip("/") for line in (ROOT / ".gitignore").read_text().splitlines()}
        visible = {path.name for path in ROOT.iterdir() if not path.name.startswith(".")} - ignored

        assert {name for name in visible if not name.endswith(".egg-info")} == AT_THE_TOP

    def test_names_no_place_outside_itself(self) -> None:
        naming = [
            f"{name_of(path)}: {found.group()}"
            for path in list_texts()
            if (found := FOREIGN.search(path.read_text(errors="replace")))
        ]

        assert naming == []

    def test_offers_the_commands_that_the_readme_promises(self) -> None:
        targets = set(re.findall(r"^([a-z]+):", (ROOT / "Makefile").read_text(), re.MULTILINE))

        assert targets >= COMMANDS
        for command in ("make run", "make test"):
            assert command in (ROOT / "README.md").read_text()

    def test_has_its_gate_run_everything(self) -> None:
        assert "make test" in (ROOT / ".ci" / "run").read_text()
        assert (ROOT / ".ci" / "run").stat().st_mode & 0o111


class TestLock:
    def test_pins_every_package_with_a_hash_and_without_an_address(self) -> None:
        lock = (ROOT / "requirements.lock").read_text()
        loose = [
            entry.split()[0]
            for entry in _split_lock(lock)
            if "==" not in entry or "--hash=sha256:" not in entry
        ]

        assert loose == []
        assert "://" not in lock

    def test_has_all_that_the_project_asks_for(self) -> None:
        project = tomllib.loads((ROOT / "pyproject.toml").read_text())
        groups = project["dependency-groups"].values()
        asked = {
            _parse_name(text) for texts in (project["project"]["dependencies"], *groups) for text in texts
        }
        locked = {_parse_name(entry) for entry in _split_lock((ROOT / "requirements.lock").read_text())}

        assert asked <= locked


def _split_lock(lock: str) -> Iterator[str]:
    """One text for each package, its continuation lines with it."""
    lines = [line for line in lock.splitlines() if not line.lstrip().startswith("#")]
    yield from (entry for entry in re.split(r"\n(?=\S)", "\n".join(lines)) if entry.strip())


def _parse_name(requirement: str) -> str:
    found = re.match(r"[A-Za-z0-9._-]+", requirement)
    assert found is not None
    return re.sub(r"[-_.]+", "-", found.group()).lower()
