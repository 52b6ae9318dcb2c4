from typing import Annotated, Any

import msgspec
import pytest
from msgspec import Meta

from bff.errors import InvalidRequest
from bff.requests import decode_strictly


class Line(msgspec.Struct, forbid_unknown_fields=True):
    sku: Annotated[str, Meta(max_length=5)]
    quantity: int


class Cart(msgspec.Struct, forbid_unknown_fields=True):
    items: list[Line]
    note: str | None = None


def refusal_of(body: bytes, body_type: Any = Cart) -> str:
    with pytest.raises(InvalidRequest) as refusal:
        decode_strictly(body, body_type)
    return refusal.value.sentence


class TestDecodeStrictly:
    def test_gives_the_struct_that_the_handler_asks_for(self) -> None:
        assert decode_strictly(b'{"items": [{"sku": "a", "quantity": 3}]}', Cart) == Cart([Line("a", 3)])

    @pytest.mark.parametrize(
        ("body", "place", "told"),
        [
            (
                b'{"items": [{"sku": "a", "quantity": "3"}]}',
                "`items[0].quantity`",
                "Expected `int`, got `str`",
            ),
            (
                b'{"items": [{"sku": "a", "quantity": true}]}',
                "`items[0].quantity`",
                "Expected `int`, got `bool`",
            ),
            (
                b'{"items": [{"sku": "a", "quantity": 1.5}]}',
                "`items[0].quantity`",
                "Expected `int`, got `float`",
            ),
            (
                b'{"items": [{"sku": "abcdef", "quantity": 1}]}',
                "`items[0].sku`",
                "Expected `str` of length <= 5",
            ),
            (b'{"items": {}}', "`items`", "Expected `array`, got `object`"),
            (b"[]", "The request", "Expected `object`, got `array`"),
            (b"null", "The request", "Expected `object`, got `null`"),
        ],
    )
    def test_says_which_value_is_wrong_and_how(self, body: bytes, place: str, told: str) -> None:
        assert refusal_of(body) == f"{place} is not valid: {told}."

    @pytest.mark.parametrize(
        ("body", "told"),
        [
            (b"{}", "A required field is missing: `items`."),
            (b'{"items": [], "status": "eligible"}', "The request has a field that is not known here."),
            (b'{"items": [], "items": []}', "The body names a field twice."),
            (b'{"items": [{"sku": "a", "sku": "b", "quantity": 1}]}', "The body names a field twice."),
            (b'{"items": [], "note": "a\\u0000b"}', "The body has characters that are not accepted."),
        ],
    )
    def test_says_what_is_wrong_with_the_fields(self, body: bytes, told: str) -> None:
        assert refusal_of(body) == told

    @pytest.mark.parametrize(
        "body",
        [
            b"",
            b"{",
            b'{"items": [}',
            b'{"items": []} x',
            b'{"items": [], "note": NaN}',
            b'{"items": [], "note": "\xff"}',
            b'{"items": [], "note": "\\ud800"}',
            b"\xef\xbb\xbf{}",
            '{"items": []}'.encode("utf-16"),
        ],
    )
    def test_refuses_what_is_not_json(self, body: bytes) -> None:
        assert refusal_of(body) == "The body is not valid JSON."

    def test_refuses_100000_nested_brackets_without_falling_over(self) -> None:
        assert refusal_of(b"[" * 100_000, Any) == "The body is not valid JSON."

    @pytest.mark.parametrize("body", [b'{"items": [], "canary": 1}', b'{"items": ["canary"]}', b'{"canary"'])
    def test_never_repeats_what_was_sent(self, body: bytes) -> None:
        assert "canary" not in refusal_of(body)
