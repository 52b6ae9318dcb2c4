"""Bitmaps against the values that were captured from the platform."""

import pytest

from sf_sync.emulator.avro.bitmaps import format_bitmap, format_bitmaps
from sf_sync.emulator.avro.schema import make_event_schema
from sf_sync.emulator.schema.account import ACCOUNT


class TestBitmap:
    @pytest.mark.parametrize(
        ("positions", "text"),
        [
            ({0}, "0x01"),
            ({7}, "0x80"),
            ({8}, "0x0100"),
            ({11, 22}, "0x400800"),
            ({23}, "0x800000"),
            ({68, 23}, "0x100000000000800000"),
            ({1, 3, 9, 10, 11}, "0x0E0A"),
        ],
    )
    def test_is_a_big_endian_number_in_upper_case_and_whole_bytes(
        self, positions: set[int], text: str
    ) -> None:
        assert format_bitmap(positions) == text


class TestBitmaps:
    def test_name_top_level_fields_first_and_compounds_in_order(self) -> None:
        assert format_bitmaps({23}, {6: {0}, 5: {1}}) == ["0x800000", "5-0x02", "6-0x01"]

    def test_have_no_top_level_element_when_only_parts_changed(self) -> None:
        assert format_bitmaps(set(), {6: {7, 8}}) == ["6-0x0180"]

    def test_are_empty_for_no_fields(self) -> None:
        assert format_bitmaps(set(), {5: set()}) == []


class TestAccountSchema:
    @pytest.mark.parametrize(
        ("fields", "bitmaps"),
        [
            ({"LastModifiedDate", "ShippingStreet"}, ["0x800000", "6-0x01"]),
            ({"ShippingLatitude", "ShippingLongitude"}, ["6-0x0180"]),
            ({"Name", "SystemModstamp", "IsDeleted"}, ["0x02"]),
        ],
    )
    def test_places_fields_where_the_captured_schema_has_them(
        self, fields: set[str], bitmaps: list[str]
    ) -> None:
        assert make_event_schema(ACCOUNT).mark(fields) == bitmaps
