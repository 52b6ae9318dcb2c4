"""The gate as a pure function: the tables of `docs/features/checkout.md`. Pages, orders and tiles all ask it."""

from collections.abc import Iterable, Mapping
from enum import StrEnum

import msgspec

from bff.catalog import is_fit
from bff.next_actions import NextActionCode
from bff.texts import N_
from sf_sync.objects.account import EligibilityStatus, VerificationStatus
from sf_sync.objects.offer import ProductType

RULES_VERSION = 1
"""Kept with every recorded decision; raised whenever the same inputs would be decided otherwise."""

Status = EligibilityStatus | VerificationStatus


class ProblemCode(StrEnum):
    OFFER_NOT_AVAILABLE = "offer_not_available"
    SOURCE_UNAVAILABLE = "source_unavailable"
    STATUS_UNKNOWN = "status_unknown"
    ELIGIBILITY_NOT_REQUESTED = "eligibility_not_requested"
    ELIGIBILITY_PENDING = "eligibility_pending"
    ELIGIBILITY_INELIGIBLE = "eligibility_ineligible"
    ID_NOT_SUBMITTED = "id_not_submitted"
    ID_REJECTED = "id_rejected"


SENTENCES = {
    ProblemCode.OFFER_NOT_AVAILABLE: N_("This offer is not available."),
    ProblemCode.SOURCE_UNAVAILABLE: N_("We cannot confirm this at the moment. Please try again shortly."),
    ProblemCode.STATUS_UNKNOWN: N_("The status cannot be confirmed right now. Please contact support."),
    ProblemCode.ELIGIBILITY_NOT_REQUESTED: N_("Availability at your address has not been checked yet."),
    ProblemCode.ELIGIBILITY_PENDING: N_("The availability of internet at your address is being reviewed."),
    ProblemCode.ELIGIBILITY_INELIGIBLE: N_("Internet is not available at your address."),
    ProblemCode.ID_NOT_SUBMITTED: N_("A SIM needs a picture of your residence card."),
    ProblemCode.ID_REJECTED: N_(
        "Your ID was rejected. Please send a new, clear photo of your residence card."
    ),
}

ALLOWED: Mapping[ProductType, frozenset[Status]] = {
    ProductType.INTERNET: frozenset({EligibilityStatus.ELIGIBLE}),
    ProductType.SIM: frozenset({VerificationStatus.SUBMITTED, VerificationStatus.VERIFIED}),
}
"""A closed set: whatever is not in it blocks."""

_BLOCKS: Mapping[Status, ProblemCode] = {
    EligibilityStatus.NOT_REQUESTED: ProblemCode.ELIGIBILITY_NOT_REQUESTED,
    EligibilityStatus.PENDING: ProblemCode.ELIGIBILITY_PENDING,
    EligibilityStatus.INELIGIBLE: ProblemCode.ELIGIBILITY_INELIGIBLE,
    VerificationStatus.NOT_SUBMITTED: ProblemCode.ID_NOT_SUBMITTED,
    VerificationStatus.REJECTED: ProblemCode.ID_REJECTED,
}


class CartLine(msgspec.Struct, frozen=True):
    """`product_type` is None for a SKU that is no offer; `fits` are the results that the offer is for.

    `is_for_sale` False: the offer is gone or has another price than the customer was shown.
    """

    sku: str
    quantity: int
    product_type: ProductType | None
    fits: tuple[str, ...] = ()
    is_for_sale: bool = True


class Fact(msgspec.Struct, frozen=True, kw_only=True):
    """One fact as the customer is shown it. `is_stale`: shown because Salesforce does not answer, so that it may block
    and never allow. `message` is the reviewer's.
    """

    status: Status
    next_action: NextActionCode = NextActionCode.NONE
    is_stale: bool = False
    result: str | None = None
    message: str | None = None


class Standing(msgspec.Struct, frozen=True, kw_only=True):
    """The account as the gate sees it. A fact is None when Salesforce cannot be read; `overridden` are the product
    types for which staff have lifted the block.
    """

    internet: Fact | None = None
    sim: Fact | None = None
    overridden: frozenset[ProductType] = frozenset()
    retry_after_s: int | None = None

    def find(self, product_type: ProductType) -> Fact | None:
        return self.internet if product_type is ProductType.INTERNET else self.sim


class Problem(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """Why the cart may not be submitted; every problem blocks. `fits` are the results that the offer is for."""

    code: ProblemCode
    product_type: ProductType | None = None
    next_action: NextActionCode = NextActionCode.NONE
    sku: str | None = None
    status: Status | None = None
    fits: tuple[str, ...] = ()
    result: str | None = None
    message: str | None = None
    retry_after_s: int | None = None


class Verdict(msgspec.Struct, frozen=True):
    problems: tuple[Problem, ...]
    next_action: NextActionCode

    @property
    def can_submit(self) -> bool:
        return not self.problems


def evaluate(lines: Iterable[CartLine], standing: Standing) -> Verdict:
    """All problems in their fixed order: offers, internet, SIM."""
    cart = tuple(lines)
    problems = _judge_offers(cart, standing)
    wanted = {line.product_type for line in cart}
    for product_type in ProductType:
        if product_type in wanted and (problem := judge(product_type, standing)):
            problems.append(problem)
    return Verdict(tuple(problems), _choose_next_action(problems))


def judge(product_type: ProductType, standing: Standing) -> Problem | None:
    """Why an order of this type is blocked by the account's status; None when it is not."""
    fact = standing.find(product_type)
    if fact is None:
        return _miss_source(product_type, standing)
    code = find_block(product_type, fact.status)
    is_lifted = product_type in standing.overridden and code is not ProblemCode.STATUS_UNKNOWN
    if code is None or is_lifted:
        return _miss_source(product_type, standing) if fact.is_stale else None
    return Problem(
        code=code,
        product_type=product_type,
        next_action=fact.next_action,
        status=fact.status,
        message=fact.message,
    )


def find_block(product_type: ProductType, status: Status) -> ProblemCode | None:
    """The problem that a status is by itself; None for one that allows."""
    if status in ALLOWED[product_type]:
        return None
    return _BLOCKS.get(status, ProblemCode.STATUS_UNKNOWN)


def refuse_unread_catalogue(retry_after_s: int | None) -> Verdict:
    """Without the catalogue nobody knows what the cart holds."""
    problem = Problem(code=ProblemCode.SOURCE_UNAVAILABLE, retry_after_s=retry_after_s)
    return Verdict((problem,), NextActionCode.NONE)


def refuse_unknown() -> Verdict:
    """What was read contradicts itself."""
    problem = Problem(code=ProblemCode.STATUS_UNKNOWN, next_action=NextActionCode.CONTACT_SUPPORT)
    return Verdict((problem,), problem.next_action)


def _judge_offers(cart: tuple[CartLine, ...], standing: Standing) -> list[Problem]:
    """Each SKU once. Whether an offer fits is asked only where the address was reviewed and nobody lifted the block."""
    fact = standing.internet
    is_fit_known = (
        fact is not None
        and fact.status is EligibilityStatus.ELIGIBLE
        and ProductType.INTERNET not in standing.overridden
    )
    result = fact.result if fact else None
    refused: dict[str, Problem] = {}
    for line in cart:
        if line.product_type is None or not line.is_for_sale:
            refused[line.sku] = Problem(
                code=ProblemCode.OFFER_NOT_AVAILABLE, product_type=line.product_type, sku=line.sku
            )
        elif is_fit_known and line.product_type is ProductType.INTERNET and not is_fit(line.fits, result):
            refused[line.sku] = Problem(
                code=ProblemCode.OFFER_NOT_AVAILABLE,
                product_type=line.product_type,
                sku=line.sku,
                fits=line.fits,
                result=result,
            )
    return list(refused.values())


def _miss_source(product_type: ProductType, standing: Standing) -> Problem:
    return Problem(
        code=ProblemCode.SOURCE_UNAVAILABLE,
        product_type=product_type,
        retry_after_s=standing.retry_after_s,
    )


# What a customer can do alone, now. Waiting and asking somebody else come after it.
_DOABLE = (
    NextActionCode.ADD_ADDRESS,
    NextActionCode.REQUEST_REVIEW,
    NextActionCode.UPLOAD_ID,
    NextActionCode.RESUBMIT_ID,
)


def _choose_next_action(problems: list[Problem]) -> NextActionCode:
    actions = [problem.next_action for problem in problems if problem.next_action is not NextActionCode.NONE]
    doable = [action for action in actions if action in _DOABLE]
    return next(iter(doable or actions), NextActionCode.NONE)
