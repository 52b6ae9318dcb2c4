"""The colours of the design system, computed as WCAG 2.2 does: text needs 4.5, edges and focus rings 3."""

import re

import pytest

from bff.portal.assets import STATIC

TOKENS = (STATIC / "css" / "1-tokens.css").read_text()
LIGHT, DARK = TOKENS.split("@media (prefers-color-scheme: dark)")

TEXT = [
    ("ink", "page"), ("ink", "surface"), ("ink", "surface-sunken"), ("ink", "brand-soft"),
    ("ink-soft", "page"), ("ink-soft", "surface"), ("ink-soft", "surface-sunken"), ("ink-soft", "brand-soft"),
    ("brand", "surface"), ("brand", "page"), ("brand", "brand-soft"), ("brand", "bad-soft"),
    ("on-brand", "brand"), ("on-brand", "brand-strong"), ("page", "ink"), ("bad", "surface"),
    *((tone, f"{tone}-soft") for tone in ("info", "good", "warn", "bad", "calm")),
    *(("ink", f"{tone}-soft") for tone in ("info", "good", "warn", "bad", "calm")),
]  # fmt: skip
EDGES = [
    ("line-strong", "surface"),
    ("focus", "surface"),
    ("focus", "page"),
    ("good", "surface"),
    ("bad", "surface"),
]


def read_colours(scheme: str) -> dict[str, str]:
    return dict(re.findall(r"--([a-z-]+): (#[0-9a-f]{6});", scheme))


def measure_luminance(colour: str) -> float:
    parts = [int(colour[start : start + 2], 16) / 255 for start in (1, 3, 5)]
    red, green, blue = (
        part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts
    )
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def measure_contrast(one: str, other: str) -> float:
    darker, lighter = sorted((measure_luminance(one), measure_luminance(other)))
    return (lighter + 0.05) / (darker + 0.05)


@pytest.mark.parametrize(
    "colours", [read_colours(LIGHT), read_colours(LIGHT) | read_colours(DARK)], ids=["light", "dark"]
)
class TestContrast:
    @pytest.mark.parametrize(("front", "back"), TEXT)
    def test_of_text(self, colours: dict[str, str], front: str, back: str) -> None:
        assert measure_contrast(colours[front], colours[back]) >= 4.5

    @pytest.mark.parametrize(("front", "back"), EDGES)
    def test_of_what_must_be_seen(self, colours: dict[str, str], front: str, back: str) -> None:
        assert measure_contrast(colours[front], colours[back]) >= 3


class TestStyleSheet:
    def test_knows_no_left_and_right(self) -> None:
        """Arabic reads from the other side, so distances and places are logical."""
        sheets = "\n".join(path.read_text() for path in STATIC.glob("css/*.css"))

        assert re.findall(r"^\s*[a-z-]*(?:left|right)[a-z-]*\s*:", sheets, re.MULTILINE) == []

    def test_takes_every_colour_from_the_tokens(self) -> None:
        sheets = "\n".join(path.read_text() for path in STATIC.glob("css/[2-9]*.css"))

        assert re.findall(r"#[0-9a-f]{3,8}\b|rgb\(", sheets) == []

    def test_asks_nobody_else_for_anything(self) -> None:
        files = [*STATIC.glob("css/*.css"), *STATIC.glob("js/*.js")]

        assert [path.name for path in files if re.search(r"https?://|@import", path.read_text())] == []
