"""Words as they come, and what is kept of them."""

import msgspec
import pytest

from bff.customers.reading import clean, read_given, read_new
from bff.customers.schemas import CustomerEdit, NewCustomerInput


class TestClean:
    @pytest.mark.parametrize(
        ("text", "kept"),
        [
            ("  Aiko ", "Aiko"),
            ("عائشة\u200f", "عائشة\u200f"),
            ("\u202eevil", "evil"),
            ("\u2066a\u2069b", "ab"),
            ("\u202e \u200b", None),
            ("\u3000", None),
        ],
    )
    def test_keeps_what_a_name_needs(self, text: str, kept: str | None) -> None:
        assert clean("first_name", text) == kept

    def test_puts_addresses_in_small_letters(self) -> None:
        assert clean("email", " Aiko@New.Example") == "aiko@new.example"


class TestGiven:
    def test_tells_null_from_what_was_left_out(self) -> None:
        wire = msgspec.json.decode(
            b'{"name2": null, "phone": "090-1234-5678", "proof": "x"}', type=CustomerEdit
        )

        assert read_given(wire, "JP") == {"name2": None, "phone": "+819012345678"}


class TestNew:
    def test_takes_the_kind_from_the_type(self) -> None:
        wire = msgspec.json.decode(
            b'{"type": "stub", "firstName": " Salma ", "phone": "9234 5678"}', type=NewCustomerInput
        )
        new = read_new(wire, "OM")

        assert (new.kind, new.first_name, new.phone, new.context) == ("stub", "Salma", "+96892345678", None)
