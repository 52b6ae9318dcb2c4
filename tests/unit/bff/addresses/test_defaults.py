from datetime import UTC, datetime, timedelta
from uuid import UUID

import pytest

from bff.addresses import Address, AddressOnFile, AddressType
from bff.addresses.rules import choose_default
from tests.tables import make_id, read_table

FIRST = datetime(2026, 1, 1, tzinfo=UTC)


def make_remaining(cell: str) -> list[AddressOnFile]:
    types = [] if cell == "–" else cell.split(", ")
    return [
        AddressOnFile(
            id=UUID(int=number),
            address=Address(type=AddressType(name), street="1-2-3", city="Tokyo", country="JP"),
            is_default=False,
            created_at=FIRST + timedelta(minutes=number),
        )
        for number, name in enumerate(types, 1)
    ]


class TestChooseDefault:
    @pytest.mark.parametrize("row", read_table("addresses.md", "The default"), ids=make_id)
    def test_follows_the_table(self, row: dict[str, str]) -> None:
        chosen = choose_default(make_remaining(row["remaining"]))

        assert (str(chosen.id.int) if chosen else "–") == row["next default"]

    def test_does_not_depend_on_the_order_in_which_they_are_read(self) -> None:
        remaining = make_remaining("home, work, home, other")

        assert choose_default(remaining) == choose_default(reversed(remaining))
