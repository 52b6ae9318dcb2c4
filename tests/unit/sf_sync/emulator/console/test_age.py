"""How long a customer has waited, in words."""

from datetime import timedelta

import pytest

from sf_sync.emulator.console.reviews import format_age


class TestAge:
    @pytest.mark.parametrize(
        ("age", "words"),
        [
            (timedelta(seconds=-3), "< 1 min"),
            (timedelta(seconds=59), "< 1 min"),
            (timedelta(minutes=1), "1 min"),
            (timedelta(minutes=59, seconds=59), "59 min"),
            (timedelta(hours=1), "1 h"),
            (timedelta(hours=23, minutes=59), "23 h"),
            (timedelta(days=1), "1 day"),
            (timedelta(days=9, hours=5), "9 days"),
        ],
    )
    def test_is_rounded_down_to_the_largest_unit(self, age: timedelta, words: str) -> None:
        assert format_age(age) == words
