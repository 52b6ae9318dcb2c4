"""Tiles as their template needs them: the second table of `docs/features/dashboard.md`."""

import pytest

from bff.checkout.positions import Position
from bff.dashboard.rules import LOOKS, Tile, TileCode, Tone
from bff.dashboard.service import Overview
from bff.next_actions import NextActionCode
from bff.orders.service import OrderPage
from bff.portal.dashboard_view import ICONS, TONES, TileView, make_overview_view
from bff.texts import get_texts
from tests.tables import make_id, read_table

NO_ORDERS = OrderPage(orders=[], position=Position(), next_place=None)


def show(*codes: TileCode, next_action: NextActionCode = NextActionCode.NONE) -> tuple[TileView, ...]:
    tiles = [
        Tile(code=code, link="/account", tone=LOOKS[code].tone, next_action=next_action) for code in codes
    ]
    return make_overview_view(Overview(tiles=tiles, page=NO_ORDERS), get_texts("en")).tiles


@pytest.mark.parametrize("row", read_table("dashboard.md", "Page"), ids=make_id)
def test_each_tone_is_shown_as_the_table_says(row: dict[str, str]) -> None:
    assert TONES[Tone(row["tone"])] == row["shown as"]


@pytest.mark.parametrize("code", TileCode)
def test_every_tile_has_an_icon_and_words_for_its_link(code: TileCode) -> None:
    [tile] = show(code, next_action=NextActionCode.UPLOAD_ID)

    assert tile.icon == ICONS[code]
    assert tile.link.label


def test_the_first_tiles_link_is_the_primary_one() -> None:
    tiles = show(TileCode.ID_REJECTED, TileCode.ELIGIBILITY_NOT_REQUESTED)

    assert [tile.is_primary for tile in tiles] == [True, False]


def test_there_is_no_primary_link_when_all_there_is_to_do_is_to_wait() -> None:
    tiles = show(TileCode.ID_UNDER_REVIEW, TileCode.INTERNET_AVAILABLE)

    assert [tile.is_primary for tile in tiles] == [False, False]


def test_support_is_reached_on_the_page_of_the_fact() -> None:
    [tile] = show(TileCode.ELIGIBILITY_INELIGIBLE, next_action=NextActionCode.CONTACT_SUPPORT)

    assert tile.link.path == "/account#support"
