"""The wire shapes of the gate."""

from typing import Annotated

import msgspec
from msgspec import Meta

from bff.checkout.rules import SENTENCES, Problem, ProblemCode, Verdict
from bff.next_actions import NextAction, make_next_action
from bff.texts import Texts
from sf_sync.objects.offer import ProductType

Sku = Annotated[str, Meta(min_length=1, max_length=80, pattern=r"^[A-Za-z0-9._-]*$")]
MOST_ITEMS = 20
"""An order with all its lines is one call to Salesforce, which takes 25 steps."""
MOST_OF_ONE = 99


class CartItem(msgspec.Struct, frozen=True, rename="camel", forbid_unknown_fields=True):
    sku: Sku
    quantity: Annotated[int, Meta(ge=1, le=MOST_OF_ONE)] = 1


Items = Annotated[list[CartItem], Meta(min_length=1, max_length=MOST_ITEMS)]


class Cart(msgspec.Struct, frozen=True, rename="camel", forbid_unknown_fields=True):
    """What the customer wants to order; 1 to 20 items."""

    items: Items


class ProblemData(msgspec.Struct, frozen=True, kw_only=True, rename="camel", omit_defaults=True):
    """What belongs to a problem: the SKU of an offer and the eligibility results that it is for beside the address's
    own; the status that blocks, and what the reviewer said; when to try again (seconds).
    """

    sku: str | None = None
    fits: tuple[str, ...] = ()
    result: str | None = None
    status: str | None = None
    reviewer_message: str | None = None
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


def make_evaluation(verdict: Verdict, texts: Texts) -> Evaluation:
    return Evaluation(
        can_submit=verdict.can_submit,
        problems=make_problems(verdict, texts),
        next_action=make_next_action(verdict.next_action, texts),
    )


def make_problems(verdict: Verdict, texts: Texts) -> list[ProblemAnswer]:
    return [make_problem(problem, texts) for problem in verdict.problems]


def make_problem(problem: Problem, texts: Texts) -> ProblemAnswer:
    return ProblemAnswer(
        code=problem.code,
        product_type=problem.product_type,
        message=texts.say(SENTENCES[problem.code]),
        blocking=True,
        data=ProblemData(
            sku=problem.sku,
            fits=problem.fits,
            result=problem.result,
            status=problem.status,
            reviewer_message=problem.message,
            retry_after=problem.retry_after_s,
        ),
    )
