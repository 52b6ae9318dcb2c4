"""The wire shapes of the gate."""

from typing import Annotated

import msgspec
from msgspec import Meta

from bff.catalog import ProductType, find_product_type
from bff.checkout.rules import SENTENCES, CartLine, Problem, ProblemCode, Verdict
from bff.next_actions import NextAction, make_next_action
from bff.texts import Texts

Sku = Annotated[str, Meta(min_length=1, max_length=80, pattern=r"^[A-Za-z0-9._-]*$")]


class CartItem(msgspec.Struct, frozen=True, rename="camel", forbid_unknown_fields=True):
    sku: Sku
    quantity: Annotated[int, Meta(ge=1, le=99)] = 1


class Cart(msgspec.Struct, frozen=True, rename="camel", forbid_unknown_fields=True):
    """What the customer wants to order; at least one item."""

    items: Annotated[list[CartItem], Meta(min_length=1, max_length=50)]


class ProblemData(msgspec.Struct, frozen=True, kw_only=True, rename="camel", omit_defaults=True):
    """What belongs to a problem: the SKU of an offer, the status that blocks, when to try again (seconds)."""

    sku: str | None = None
    status: str | None = None
    retry_after: int | None = None


class ProblemAnswer(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """One reason why the cart may not be submitted."""

    code: ProblemCode
    product_type: ProductType | None
    message: str
    blocking: bool
    data: ProblemData


class Evaluation(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """All problems in their fixed order and the one next action."""

    can_submit: bool
    problems: list[ProblemAnswer]
    next_action: NextAction


def make_lines(cart: Cart) -> list[CartLine]:
    return [CartLine(item.sku, item.quantity, find_product_type(item.sku)) for item in cart.items]


def make_evaluation(verdict: Verdict, texts: Texts) -> Evaluation:
    return Evaluation(
        can_submit=verdict.can_submit,
        problems=[_make_problem(problem, texts) for problem in verdict.problems],
        next_action=make_next_action(verdict.next_action, texts),
    )


def _make_problem(problem: Problem, texts: Texts) -> ProblemAnswer:
    return ProblemAnswer(
        code=problem.code,
        product_type=problem.product_type,
        message=texts.say(SENTENCES[problem.code]),
        blocking=True,
        data=ProblemData(sku=problem.sku, status=problem.status, retry_after=problem.retry_after_s),
    )
