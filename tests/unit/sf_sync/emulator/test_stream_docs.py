"""The page about the stream names every switch and action that there is, and no other."""

import re
from pathlib import Path

import msgspec

from sf_sync.emulator.app import create_emulator
from sf_sync.emulator.faults import Faults
from sf_sync.emulator.settings import EmulatorSettings

PAGE = Path(__file__).parents[4] / "docs" / "reference" / "emulator-stream.md"


def read_table(heading: str) -> dict[str, list[str]]:
    """The rows below a table heading, by their first cell without its ticks."""
    _, _, rest = PAGE.read_text().partition(heading)
    lines = re.match(r"\n\|[-|]+\|\n((?:\|.*\n)+)", rest)
    assert lines is not None, f"no table {heading}"
    rows = [[cell.strip().strip("`") for cell in line.split("|")[1:-1]] for line in lines[1].splitlines()]
    return {row[0]: row[1:] for row in rows}


class TestStreamPage:
    def test_names_every_switch_with_its_default(self) -> None:
        defaults = msgspec.to_builtins(Faults())
        switches = {name: value for name, value in defaults.items() if name.startswith("stream_")}

        table = read_table("| switch | default | while it is set |")

        shown = {name: msgspec.json.decode(cells[0]) for name, cells in table.items()}
        assert shown == msgspec.json.decode(msgspec.json.encode(switches))

    def test_names_every_action(self) -> None:
        actions = create_emulator(EmulatorSettings()).pubsub.control.actions

        assert set(read_table("| action | reads | does |")) == set(actions)
