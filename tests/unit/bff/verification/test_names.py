"""The name shown is one line of harmless text, whatever was sent."""

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bff.verification.inspection.names import MAX_SHOWN, format_shown_name


@pytest.mark.parametrize(
    ("sent", "shown"),
    [
        ("card.jpg", "card.jpg"),
        ("../../etc/passwd", "passwd"),
        ("C:\\Users\\hana\\card.jpg", "card.jpg"),
        ("card\x00.jpg", "card.jpg"),
        ("card\r\nSet-Cookie: x.jpg", "cardSet-Cookie_ x.jpg"),
        ("gpj\u202e.exe", "gpj.exe"),
        ("在留カード.jpg", "在留カード.jpg"),
        ("بطاقة.jpg", "بطاقة.jpg"),
        ("  spaced   name .jpg", "spaced name .jpg"),
        ("a\tb.png", "a b.png"),
        ('<img src="x">.png', "_img src=_x__.png"),
        ("", "document"),
        ("...", "document"),
        ("\u200b\u200f", "document"),
        ("x" * 300 + ".jpg", "x" * 116 + ".jpg"),
        ("card." + "y" * 300, "card." + "y" * 115),
        ("e\u0301.jpg", "\u00e9.jpg"),
    ],
)
def test_is_cleaned(sent: str, shown: str) -> None:
    assert format_shown_name(sent) == shown


@given(st.text(max_size=400))
def test_is_always_one_short_printable_line(sent: str) -> None:
    shown = format_shown_name(sent)

    assert 1 <= len(shown) <= MAX_SHOWN
    assert "/" not in shown
    assert "\\" not in shown
    assert not any(unicodedata.category(char) in {"Cc", "Cf", "Cs"} for char in shown)
