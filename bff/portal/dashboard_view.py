"""The overview as its template needs it: words and shapes for every tile, no decision."""

from collections.abc import Mapping

import msgspec

from bff.dashboard.rules import LOOKS, Tile, TileCode, Tone
from bff.dashboard.service import Overview
from bff.next_actions import NextActionCode, make_next_action
from bff.portal.orders_view import OrderRowView, make_order_row
from bff.portal.views import SUPPORT, Link
from bff.texts import N_, Texts

MOST_ORDERS = 3


class TileView(msgspec.Struct, frozen=True, kw_only=True):
    tone: str
    icon: str
    title: str
    text: str
    link: Link
    is_primary: bool


class OverviewView(msgspec.Struct, frozen=True, kw_only=True):
    tiles: tuple[TileView, ...]
    orders: tuple[OrderRowView, ...]


TONES: Mapping[Tone, str] = {
    Tone.PROBLEM: "bad",
    Tone.ACTION: "warn",
    Tone.WAITING: "info",
    Tone.GOOD: "good",
    Tone.NEUTRAL: "calm",
}
ICONS: Mapping[TileCode, str] = {
    TileCode.ORDER_ON_HOLD: "pause",
    TileCode.SOURCE_UNAVAILABLE: "warning",
    TileCode.ELIGIBILITY_NOT_REQUESTED: "search",
    TileCode.ELIGIBILITY_PENDING: "clock",
    TileCode.ELIGIBILITY_INELIGIBLE: "cross",
    TileCode.ELIGIBILITY_UNKNOWN: "question",
    TileCode.INTERNET_AVAILABLE: "check",
    TileCode.ID_NOT_SUBMITTED: "card",
    TileCode.ID_UNDER_REVIEW: "clock",
    TileCode.ID_REJECTED: "cross",
    TileCode.ID_UNKNOWN: "question",
}
# What a tile's link is called where it isn't called after the next action.
_LABELS: Mapping[TileCode, str] = {
    TileCode.ORDER_ON_HOLD: N_("See the order"),
    TileCode.SOURCE_UNAVAILABLE: N_("Try again"),
    TileCode.ELIGIBILITY_PENDING: N_("See the status"),
    TileCode.ID_UNDER_REVIEW: N_("See the status"),
    TileCode.INTERNET_AVAILABLE: N_("See the plans"),
}


def make_overview_view(overview: Overview, texts: Texts) -> OverviewView:
    """The first tile has the page's one primary button, unless all there is to do is to wait."""
    position, orders = overview.page.position, overview.page.orders[:MOST_ORDERS]
    return OverviewView(
        tiles=tuple(_make_tile(tile, texts, is_first=not at) for at, tile in enumerate(overview.tiles)),
        orders=tuple(make_order_row(order, position, texts) for order in orders),
    )


def _make_tile(tile: Tile, texts: Texts, *, is_first: bool) -> TileView:
    look = LOOKS[tile.code]
    return TileView(
        tone=TONES[tile.tone],
        icon=ICONS[tile.code],
        title=texts.say(look.title),
        text=texts.say(look.text),
        link=_make_link(tile, texts),
        is_primary=is_first and tile.tone is not Tone.WAITING,
    )


def _make_link(tile: Tile, texts: Texts) -> Link:
    if label := _LABELS.get(tile.code):
        return Link(tile.link, texts.say(label))
    is_support = tile.next_action is NextActionCode.CONTACT_SUPPORT
    path = f"{tile.link}{SUPPORT}" if is_support else tile.link
    return Link(path, make_next_action(tile.next_action, texts).label)
