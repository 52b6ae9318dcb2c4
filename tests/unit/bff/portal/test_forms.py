import pytest

from bff.addresses import Address
from bff.errors import InvalidRequest
from bff.portal.forms import fill_from_address, make_address_fields, parse_review_form
from bff.texts import get_texts

TEXTS = get_texts("en")
GOOD = {"type": "home", "street": "1-2-3 Jingumae", "city": "Tokyo"}


class TestParseReviewForm:
    def test_makes_the_address_that_the_api_would_take(self) -> None:
        filled = parse_review_form({**GOOD, "building": "", "notes": "", "sku": ""}, TEXTS)

        assert filled.errors == {}
        assert filled.address is not None
        assert (filled.address.street, filled.address.building) == ("1-2-3 Jingumae", None)

    @pytest.mark.parametrize(
        ("wrong", "words"),
        [
            ({"street": ""}, {"street": "Please enter the street and number"}),
            ({"city": ""}, {"city": "Please enter the city"}),
            ({"floor": "x" * 21}, {"floor": "Use at most 20 characters"}),
            ({"notes": "x" * 2001}, {"notes": "Use at most 2000 characters"}),
            ({"area": "a\x07b"}, {"area": "Remove signs that do not belong here"}),
            ({"type": "castle"}, {"type": "Remove signs that do not belong here"}),
        ],
    )
    def test_names_each_mistake(self, wrong: dict[str, str], words: dict[str, str]) -> None:
        filled = parse_review_form({**GOOD, **wrong}, TEXTS)

        assert filled.errors == words
        assert filled.address is None

    def test_refuses_what_no_form_of_ours_sends(self) -> None:
        with pytest.raises(InvalidRequest):
            parse_review_form({**GOOD, "sku": "two words"}, TEXTS)


class TestFillFromAddress:
    def test_shows_the_address_on_file_in_its_fields(self) -> None:
        address = Address(street="1-2-3", city="Tokyo", postal_code="150-0001", country="JP", latitude=35.6)

        shown = {field.name: field.value for field in make_address_fields(fill_from_address(address), TEXTS)}

        assert (shown["street"], shown["city"], shown["postalCode"]) == ("1-2-3", "Tokyo", "150-0001")
        assert shown["building"] == ""
