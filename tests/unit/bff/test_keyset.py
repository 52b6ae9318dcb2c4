from datetime import UTC, datetime
from uuid import UUID

import pytest

from bff.errors import InvalidRequest
from bff.keyset import Place, format_cursor, parse_cursor

PLACE = Place(datetime(2025, 12, 19, 6, 15, 36, 123456, tzinfo=UTC), UUID(int=7))


class TestCursor:
    def test_names_a_place_to_the_microsecond(self) -> None:
        assert parse_cursor(format_cursor(PLACE)) == PLACE

    @pytest.mark.parametrize("text", ["9" * 16 + "-" + "f" * 32, "0" * 16 + "-" + "0" * 32])
    def test_of_the_right_form_is_always_a_place(self, text: str) -> None:
        place = parse_cursor(text)

        assert place is not None
        assert format_cursor(place) == text

    @pytest.mark.parametrize(
        "text",
        [
            "",
            "x",
            "1-2",
            format_cursor(PLACE) + "\n",
            "0" * 16 + "-" + "A" * 32,
            "٠" * 16 + "-" + "0" * 32,
        ],
    )
    def test_of_another_form_is_refused(self, text: str) -> None:
        with pytest.raises(InvalidRequest):
            parse_cursor(text)

    def test_may_be_absent(self) -> None:
        assert parse_cursor(None) is None
