import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bff.addresses.rules import EARTH_RADIUS_M, Address, Point, find_point, get_distance_m
from bff.addresses.schemas import parse_near
from bff.errors import InvalidRequest
from tests.tables import make_id, read_table

POINTS = st.builds(Point, st.floats(-90, 90), st.floats(-180, 180))


def read_point(cell: str) -> Point:
    point = parse_near(cell)
    assert point is not None
    return point


class TestDistance:
    @pytest.mark.parametrize("row", read_table("addresses.md", "Distance"), ids=make_id)
    def test_follows_the_table(self, row: dict[str, str]) -> None:
        assert get_distance_m(read_point(row["from"]), read_point(row["to"])) == int(row["metres"])

    @given(POINTS, POINTS)
    def test_is_the_same_both_ways_and_never_more_than_half_round_the_earth(
        self, one: Point, other: Point
    ) -> None:
        distance = get_distance_m(one, other)

        assert distance == get_distance_m(other, one)
        assert 0 <= distance <= round(math.pi * EARTH_RADIUS_M)

    @given(POINTS)
    def test_of_a_point_to_itself_is_nothing(self, point: Point) -> None:
        assert get_distance_m(point, point) == 0

    def test_needs_a_whole_point(self) -> None:
        assert find_point(Address(street="1", city="Tokyo", country="JP", latitude=35.0)) is None


class TestNear:
    @pytest.mark.parametrize(
        "text",
        ["", "35", "35,", "35,139,1", "91,0", "0,181", "35.1,x", "nan,0", "1e1,0", "３５,139", "35,139\n"],
    )
    def test_refuses_what_is_no_point(self, text: str) -> None:
        with pytest.raises(InvalidRequest):
            parse_near(text)
