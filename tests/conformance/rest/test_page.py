"""The page about the emulator names every REST switch and the methods of every resource."""

import re
from pathlib import Path

import msgspec
import pytest

from sf_sync.emulator.faults import Faults
from tests.conformance.rest.caller import Caller, error_of

PAGE = Path(__file__).parents[3] / "docs" / "reference" / "emulator.md"


def read_table(heading: str) -> list[list[str]]:
    """The cells below a table heading, without their ticks."""
    _, _, rest = PAGE.read_text().partition(heading)
    lines = re.match(r"\n\|[-|]+\|\n((?:\|.*\n)+)", rest)
    assert lines is not None, f"no table {heading}"
    return [[cell.strip().strip("`") for cell in line.split("|")[1:-1]] for line in lines[1].splitlines()]


class TestPage:
    def test_names_every_switch_with_its_default(self) -> None:
        defaults = msgspec.to_builtins(Faults())
        switches = {name: value for name, value in defaults.items() if not name.startswith("stream_")}

        rows = read_table("| switch | default | while it is set |")

        assert {row[0]: msgspec.json.decode(row[1]) for row in rows} == switches

    @pytest.mark.asyncio
    @pytest.mark.parametrize(("resource", "methods"), read_table("| resource | methods |"))
    async def test_names_the_methods_of_a_resource(self, caller: Caller, resource: str, methods: str) -> None:
        answer = await caller.call("OPTIONS", resource.replace("X", "Account"))

        assert answer.status_code == 405
        allowed = error_of(answer)["message"].partition("Allowed are ")[2].split(",")
        assert [method for method in allowed if method != "HEAD"] == methods.split(", ")
