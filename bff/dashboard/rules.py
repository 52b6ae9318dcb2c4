"""Which tiles a customer is shown: the table of `docs/features/dashboard.md`."""

from collections.abc import Iterable, Mapping, Set
from enum import StrEnum
from uuid import UUID

import msgspec

from bff.checkout.rules import SENTENCES, Problem, ProblemCode, Standing, judge
from bff.next_actions import NextActionCode
from bff.texts import N_
from sf_sync.objects.offer import ProductType


class Tone(StrEnum):
    """In the order in which tiles come."""

    PROBLEM = "problem"
    ACTION = "action"
    WAITING = "waiting"
    GOOD = "good"
    NEUTRAL = "neutral"


class TileCode(StrEnum):
    ORDER_ON_HOLD = "order_on_hold"
    SOURCE_UNAVAILABLE = "source_unavailable"
    ELIGIBILITY_NOT_REQUESTED = "eligibility_not_requested"
    ELIGIBILITY_PENDING = "eligibility_pending"
    ELIGIBILITY_INELIGIBLE = "eligibility_ineligible"
    ELIGIBILITY_UNKNOWN = "eligibility_unknown"
    INTERNET_AVAILABLE = "internet_available"
    ID_NOT_SUBMITTED = "id_not_submitted"
    ID_UNDER_REVIEW = "id_under_review"
    ID_REJECTED = "id_rejected"
    ID_UNKNOWN = "id_unknown"


class Look(msgspec.Struct, frozen=True):
    """How a tile looks: `text` is a sentence of the gate where the gate has one."""

    title: str
    text: str
    tone: Tone


LOOKS: Mapping[TileCode, Look] = {
    TileCode.ORDER_ON_HOLD: Look(
        N_("Your order is on hold"), N_("It goes on as soon as your ID is verified."), Tone.PROBLEM
    ),
    TileCode.SOURCE_UNAVAILABLE: Look(
        N_("Your status cannot be shown at the moment"),
        SENTENCES[ProblemCode.SOURCE_UNAVAILABLE],
        Tone.NEUTRAL,
    ),
    TileCode.ELIGIBILITY_NOT_REQUESTED: Look(
        N_("Check internet availability"), SENTENCES[ProblemCode.ELIGIBILITY_NOT_REQUESTED], Tone.ACTION
    ),
    TileCode.ELIGIBILITY_PENDING: Look(
        N_("Internet availability review in progress"),
        SENTENCES[ProblemCode.ELIGIBILITY_PENDING],
        Tone.WAITING,
    ),
    TileCode.ELIGIBILITY_INELIGIBLE: Look(
        N_("Internet is not available"), SENTENCES[ProblemCode.ELIGIBILITY_INELIGIBLE], Tone.PROBLEM
    ),
    TileCode.ELIGIBILITY_UNKNOWN: Look(
        N_("Internet availability cannot be confirmed"), SENTENCES[ProblemCode.STATUS_UNKNOWN], Tone.PROBLEM
    ),
    TileCode.INTERNET_AVAILABLE: Look(
        N_("Choose your internet plan"), N_("Internet can be ordered for your address."), Tone.GOOD
    ),
    TileCode.ID_NOT_SUBMITTED: Look(
        N_("Submit ID to activate SIM"), SENTENCES[ProblemCode.ID_NOT_SUBMITTED], Tone.ACTION
    ),
    TileCode.ID_UNDER_REVIEW: Look(
        N_("Your ID is being reviewed"), N_("You can order a SIM meanwhile."), Tone.WAITING
    ),
    TileCode.ID_REJECTED: Look(
        N_("ID rejected: send a new photo"), SENTENCES[ProblemCode.ID_REJECTED], Tone.PROBLEM
    ),
    TileCode.ID_UNKNOWN: Look(
        N_("Your ID verification cannot be confirmed"), SENTENCES[ProblemCode.STATUS_UNKNOWN], Tone.PROBLEM
    ),
}

_UNKNOWN = {ProductType.INTERNET: TileCode.ELIGIBILITY_UNKNOWN, ProductType.SIM: TileCode.ID_UNKNOWN}
_PLACES = {ProductType.INTERNET: "/account/shop/internet", ProductType.SIM: "/account/shop/sim"}
HOME = "/account"


class Tile(msgspec.Struct, frozen=True, kw_only=True):
    code: TileCode
    link: str
    tone: Tone
    next_action: NextActionCode = NextActionCode.NONE


class HeldOrder(msgspec.Struct, frozen=True, kw_only=True):
    """An order on hold, with what it waits for."""

    id: UUID
    next_action: NextActionCode


def plan_tiles(
    standing: Standing, held: Iterable[HeldOrder] = (), ordered: Set[ProductType] = frozenset()
) -> list[Tile]:
    """`ordered` are the product types that the customer has an order of."""
    tiles = [_show_held(order) for order in held]
    if standing.internet is None and standing.sim is None:
        tiles.append(Tile(code=TileCode.SOURCE_UNAVAILABLE, link=HOME, tone=Tone.NEUTRAL))
    else:
        shown = (_show(product_type, standing, ordered) for product_type in ProductType)
        tiles += [tile for tile in shown if tile]
    return sorted(tiles, key=lambda tile: list(Tone).index(tile.tone))


def _show_held(order: HeldOrder) -> Tile:
    is_waiting = order.next_action is NextActionCode.WAIT_FOR_REVIEW
    return Tile(
        code=TileCode.ORDER_ON_HOLD,
        link=f"/account/orders/{order.id}",
        tone=Tone.WAITING if is_waiting else Tone.PROBLEM,
        next_action=order.next_action,
    )


def _show(product_type: ProductType, standing: Standing, ordered: Set[ProductType]) -> Tile | None:
    fact, problem = standing.find(product_type), judge(product_type, standing)
    if fact is None:
        return None
    if problem and problem.code is not ProblemCode.SOURCE_UNAVAILABLE:
        return _make_tile(_find_code(problem), product_type, problem.next_action)
    if product_type is ProductType.INTERNET and product_type not in ordered:
        return _make_tile(TileCode.INTERNET_AVAILABLE, product_type, NextActionCode.NONE)
    if product_type is ProductType.SIM and fact.next_action is NextActionCode.WAIT_FOR_REVIEW:
        return _make_tile(TileCode.ID_UNDER_REVIEW, product_type, fact.next_action)
    return None


def _find_code(problem: Problem) -> TileCode:
    if problem.code is ProblemCode.STATUS_UNKNOWN and problem.product_type:
        return _UNKNOWN[problem.product_type]
    return TileCode(problem.code)


def _make_tile(code: TileCode, product_type: ProductType, next_action: NextActionCode) -> Tile:
    return Tile(code=code, link=_PLACES[product_type], tone=LOOKS[code].tone, next_action=next_action)
