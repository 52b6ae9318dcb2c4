"""The wire shapes of the dashboard."""

import msgspec

from bff.dashboard.rules import LOOKS, Tile, TileCode, Tone
from bff.next_actions import NextAction, make_next_action
from bff.texts import Texts


class TileAnswer(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """`link` is the page where it can be done."""

    code: TileCode
    title: str
    text: str
    tone: Tone
    link: str
    next_action: NextAction


class TileList(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """What needs the customer comes first."""

    items: list[TileAnswer]
    next_cursor: str | None = None


def make_tile_list(tiles: list[Tile], texts: Texts) -> TileList:
    return TileList(items=[_make_tile(tile, texts) for tile in tiles])


def _make_tile(tile: Tile, texts: Texts) -> TileAnswer:
    look = LOOKS[tile.code]
    return TileAnswer(
        code=tile.code,
        title=texts.say(look.title),
        text=texts.say(look.text),
        tone=tile.tone,
        link=tile.link,
        next_action=make_next_action(tile.next_action, texts),
    )
