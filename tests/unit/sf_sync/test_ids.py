"""Record ids: the pairs are from real orgs."""

import pytest

from sf_sync.ids import InvalidRecordId, is_record_id, parse_record_id

PAIRS = [
    ("001Dp00000JJkkH", "IAT"),
    ("a00ak00000FqAsJ", "AAV"),
    ("0013h00000Fz0Gz", "AAJ"),
    ("06Aq0000002COEu", "EAO"),
    ("001ZM000001QkdO", "YAS"),
    ("005ZM000000M6o1", "YAC"),
    ("000000000000000", "AAA"),
]

ODD = [
    "",
    "001",
    "001Dp00000JJkk",
    "001Dp00000JJkkHI",
    "001Dp00000JJkkHIATX",
    "001Dp00000JJkkHIAA",
    "001dp00000jjkkhiat",
    "001DP00000JJKKHIAT",
    "001Dp00000JJkkH\n",
    "001Dp00000JJkkHIAT\n",
    " 001Dp00000JJkkH",
    "001Dp00000JJkk'",
    "001Dp00000JJkk/",
    "００１Dp00000JJkkH",
    "001Dp00000JJkkH\x00AT",
    "001Dp00000JJkkHiat",
]


class TestRecordId:
    @pytest.mark.parametrize(("short", "checksum"), PAIRS)
    def test_is_widened_by_its_checksum(self, short: str, checksum: str) -> None:
        assert parse_record_id(short) == short + checksum

    @pytest.mark.parametrize(("short", "checksum"), PAIRS)
    def test_keeps_its_long_form(self, short: str, checksum: str) -> None:
        assert parse_record_id(short + checksum) == short + checksum

    @pytest.mark.parametrize("text", ODD)
    def test_refuses_what_is_no_id(self, text: str) -> None:
        assert not is_record_id(text)
        with pytest.raises(InvalidRecordId):
            parse_record_id(text)

    def test_refuses_the_id_of_another_object(self) -> None:
        with pytest.raises(InvalidRecordId):
            parse_record_id("0035g00000ABCDE", prefix="001")

    def test_tells_nothing_of_the_text_in_its_refusal(self) -> None:
        with pytest.raises(InvalidRecordId) as refusal:
            parse_record_id("hana@customer.example")

        assert "hana" not in str(refusal.value)
