import pytest

from bff.phones import PhoneNotValid, parse_phone


class TestParsePhone:
    @pytest.mark.parametrize(
        ("text", "region", "number"),
        [
            ("090-1234-5678", "JP", "+819012345678"),
            ("+81 90 1234 5678", "OM", "+819012345678"),
            ("０９０−１２３４−５６７８", "JP", "+819012345678"),
            ("\u200e(090) 1234 5678\u202c", "JP", "+819012345678"),
            ("9212 3456", "OM", "+96892123456"),
            ("٩٢١٢٣٤٥٦", "OM", "+96892123456"),
            ("00968 9212 3456", "OM", "+96892123456"),
        ],
    )
    def test_has_one_spelling_for_each(self, text: str, region: str, number: str) -> None:
        assert parse_phone(text, region) == number

    @pytest.mark.parametrize(
        "text",
        [
            "",
            "hello",
            "12",
            "090-1234-5678 ext. 5",
            "090-1234-567",
            "090\x001234567",
            "+" + "0" * 100,
            "090-1234-5678\n1",
        ],
    )
    def test_refuses_what_is_no_number(self, text: str) -> None:
        with pytest.raises(PhoneNotValid):
            parse_phone(text, "JP")

    def test_never_repeats_it(self) -> None:
        with pytest.raises(PhoneNotValid) as refusal:
            parse_phone("090-canary", "JP")

        assert "canary" not in str(refusal.value)
