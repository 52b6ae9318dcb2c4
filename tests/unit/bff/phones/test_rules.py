"""The tables of docs/features/phones.md, and what they cannot say."""

import re

import phonenumbers
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bff.phones import LineType, Phone, PhoneNotValid, mask_phone, parse_phone, read_phone
from tests.tables import make_id, read_table

PAGE = "phones.md"
HANA = "+819012345678"


def unescape(cell: str) -> str:
    return re.sub(r"<U\+([0-9A-F]{4})>", lambda found: chr(int(found[1], 16)), cell.strip("`"))


class TestSpellings:
    @pytest.mark.parametrize("row", read_table(PAGE, "Spellings"), ids=make_id)
    def test_mean_what_the_table_says(self, row: dict[str, str]) -> None:
        typed = unescape(row["typed"])

        if row["number"] == "refused":
            with pytest.raises(PhoneNotValid):
                read_phone(typed, row["region"])
        else:
            assert read_phone(typed, row["region"]) == Phone(row["number"], LineType(row["line"]))

    @pytest.mark.parametrize(
        "text", ["", "+" + "0" * 100, "090-1234-5678" + " " * 60, "9" * 1_000_000], ids=len
    )
    def test_of_nothing_and_of_too_much_are_refused(self, text: str) -> None:
        with pytest.raises(PhoneNotValid):
            parse_phone(text, "JP")

    def test_are_never_repeated(self) -> None:
        with pytest.raises(PhoneNotValid) as refusal:
            parse_phone("090-canary", "JP")

        assert "canary" not in str(refusal.value)

    @settings(max_examples=150, deadline=None)
    @given(st.sampled_from(["JP", "OM"]), st.integers(0, 9_999_999))
    def test_of_one_number_are_one(self, region: str, rest: int) -> None:
        e164 = f"+8190{rest % 10_000_000:08d}" if region == "JP" else f"+9689{rest % 10_000_000:07d}"
        number = phonenumbers.parse(e164, None)
        if not phonenumbers.is_valid_number(number):
            return

        assert {parse_phone(spelling, region) for spelling in spell(number)} == {e164}


def spell(number: phonenumbers.PhoneNumber) -> list[str]:
    """Thirty spellings: three formats, ten ways to write each."""
    formats = [
        phonenumbers.format_number(number, style)
        for style in (
            phonenumbers.PhoneNumberFormat.E164,
            phonenumbers.PhoneNumberFormat.INTERNATIONAL,
            phonenumbers.PhoneNumberFormat.NATIONAL,
        )
    ]
    arabic = str.maketrans("0123456789", "٠١٢٣٤٥٦٧٨٩")
    wide = {ord(sign): ord(sign) + 0xFEE0 for sign in "0123456789+-()"}
    ways = [
        lambda text: text,
        lambda text: text.replace(" ", "-"),
        lambda text: text.replace("-", " "),
        lambda text: text.replace(" ", "").replace("-", ""),
        lambda text: text.replace("-", "."),
        lambda text: f"  {text} ",
        lambda text: f"\u200e{text}\u200f",
        lambda text: text.translate(arabic),
        lambda text: text.translate(wide),
        lambda text: text.replace("+", "00") if text.startswith("+") else f"tel {text}",
    ]
    return [way(text) for text in formats for way in ways]


class TestLines:
    @pytest.mark.parametrize("row", read_table(PAGE, "Lines"), ids=make_id)
    def test_serve_what_the_table_says(self, row: dict[str, str]) -> None:
        phone = Phone(HANA, LineType(row["line"]))

        assert (phone.is_personal, phone.is_textable) == (
            row["customer's"] == "yes",
            row["text message"] == "yes",
        )

    def test_are_all_in_the_table(self) -> None:
        assert {row["line"] for row in read_table(PAGE, "Lines")} == set(LineType)


class TestMasks:
    @pytest.mark.parametrize("row", read_table(PAGE, "Masks"), ids=make_id)
    def test_show_what_the_table_says(self, row: dict[str, str]) -> None:
        assert mask_phone(row["number"]) == row["shown"]

    def test_cover_the_number_wherever_it_is_printed(self) -> None:
        phone = Phone(HANA, LineType.MOBILE)

        for shown in (str(phone), repr(phone), f"{phone}", f"{[phone]}", "%s" % (phone,)):  # noqa: UP031
            assert "90123456" not in shown

    @settings(max_examples=200, deadline=None)
    @given(st.from_regex(r"\+[1-9][0-9]{5,14}", fullmatch=True))
    def test_tell_two_digits_at_most_and_never_how_many_there_are(self, e164: str) -> None:
        masked = mask_phone(e164)
        country, dots, shown = masked.partition("••••••")

        assert dots == "••••••"
        assert len(shown) in (0, 2)
        assert "•" not in country + shown
