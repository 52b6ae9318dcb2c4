"""Turns what the console knows into HTML: the templates, their filters, and the one style sheet."""

import hashlib
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import jinja2
import msgspec

from sf_sync.emulator.console.pictures import format_size

_FOLDER = Path(__file__).parent

STYLE_SHEET = (_FOLDER / "static" / "console.css").read_bytes()
STYLE_PATH = f"/console/style-{hashlib.sha256(STYLE_SHEET).hexdigest()[:12]}.css"
"""Named by its content, so that browsers may keep it for ever."""

_templates = jinja2.Environment(
    loader=jinja2.FileSystemLoader(_FOLDER / "templates"),
    autoescape=True,
    undefined=jinja2.StrictUndefined,
    trim_blocks=True,
    lstrip_blocks=True,
)


class Waiting(msgspec.Struct, frozen=True):
    """How many wait in each queue, as the navigation shows it."""

    cases: int
    documents: int


class Pages:
    """Renders the templates of one console."""

    def __init__(self, count_waiting: Callable[[], Waiting]) -> None:
        self._count_waiting = count_waiting

    def render(self, template: str, **values: Any) -> str:
        shown = {"style_path": STYLE_PATH, "waiting_counts": self._count_waiting(), **values}
        return _templates.get_template(template).render(shown)


def format_time(at: datetime) -> str:
    """`21 Nov 2026, 02:15 UTC`."""
    at = at.astimezone(UTC)
    return f"{at.day} {at:%b %Y, %H:%M} UTC"


_templates.filters["time"] = format_time
_templates.filters["size"] = format_size
