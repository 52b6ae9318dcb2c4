from uuid import UUID

import pytest

from bff.checkout.rules import Fact, Standing
from bff.dashboard.rules import HeldOrder, Tile, plan_tiles
from bff.next_actions import NextActionCode
from sf_sync.objects.account import EligibilityStatus, VerificationStatus
from sf_sync.objects.offer import ProductType
from tests.tables import make_id, read_table

KINDS = {"internet": EligibilityStatus, "sim": VerificationStatus}
# What gives no tile, for the fact that a row is not about.
QUIET = {
    "internet": Fact(status=EligibilityStatus.ELIGIBLE),
    "sim": Fact(status=VerificationStatus.VERIFIED),
}


def read_standing(row: dict[str, str]) -> Standing:
    status, _, rest = row["status"].partition(", ")
    fact = Fact(
        status=KINDS[row["fact"]](status),
        next_action=NextActionCode(row["next action shown"]),
        is_stale=rest == "stale",
    )
    overridden = frozenset({ProductType(row["fact"])}) if rest == "overridden" else frozenset()
    facts = QUIET | {row["fact"]: fact}
    return Standing(internet=facts["internet"], sim=facts["sim"], overridden=overridden)


def read_ordered(row: dict[str, str]) -> frozenset[ProductType]:
    about_sim = row["fact"] == "sim"
    return frozenset({ProductType.INTERNET}) if about_sim or row["ordered"] == "yes" else frozenset()


class TestTiles:
    @pytest.mark.parametrize("row", read_table("dashboard.md", "Tiles"), ids=make_id)
    def test_obey_the_table(self, row: dict[str, str]) -> None:
        tiles = plan_tiles(read_standing(row), ordered=read_ordered(row))

        shown = [(tile.code, tile.tone, tile.next_action) for tile in tiles]
        assert shown == ([(row["code"], row["tone"], row["next action"])] if row["code"] != "–" else [])

    def test_lead_to_the_page_where_it_can_be_done(self) -> None:
        standing = Standing(
            internet=Fact(status=EligibilityStatus.PENDING), sim=Fact(status=VerificationStatus.REJECTED)
        )

        assert [tile.link for tile in plan_tiles(standing)] == ["/account/shop/sim", "/account/shop/internet"]

    def test_are_one_while_nobody_can_tell(self) -> None:
        [tile] = plan_tiles(Standing(retry_after_s=5))

        assert (tile.code, tile.tone) == ("source_unavailable", "neutral")

    def test_begin_with_the_orders_on_hold(self) -> None:
        rejected = HeldOrder(id=UUID(int=1), next_action=NextActionCode.RESUBMIT_ID)
        waiting = HeldOrder(id=UUID(int=2), next_action=NextActionCode.WAIT_FOR_REVIEW)
        standing = Standing(
            internet=Fact(status=EligibilityStatus.NOT_REQUESTED),
            sim=Fact(status=VerificationStatus.REJECTED),
        )

        tiles: list[Tile] = plan_tiles(standing, [waiting, rejected])

        assert [(tile.code, tile.tone) for tile in tiles] == [
            ("order_on_hold", "problem"),
            ("id_rejected", "problem"),
            ("eligibility_not_requested", "action"),
            ("order_on_hold", "waiting"),
        ]
        assert tiles[0].link == f"/account/orders/{rejected.id}"
