"""The gate as a pure function: the tables of `docs/features/checkout.md`."""

from collections.abc import Iterable
from enum import StrEnum

import msgspec

from bff.catalog import ProductType
from bff.next_actions import NextActionCode
from bff.texts import N_
from sf_sync.objects.account import EligibilityStatus, VerificationStatus


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


class CartLine(msgspec.Struct, frozen=True):
    """`product_type` is None for a SKU that is no offer."""

    sku: str
    quantity: int
    product_type: ProductType | None


class InternetStanding(msgspec.Struct, frozen=True):
    """What the customer is shown about eligibility."""

    status: EligibilityStatus
    next_action: NextActionCode


class Standing(msgspec.Struct, frozen=True, kw_only=True):
    """The account as the gate sees it. A fact is None when Salesforce cannot be read.

    `is_stale`: shown because Salesforce does not answer, so that it may block and never allow.
    """

    internet: InternetStanding | None = None
    sim: VerificationStatus | None = None
    is_stale: bool = False
    retry_after_s: int | None = None


class Problem(msgspec.Struct, frozen=True, kw_only=True):
    """Why the cart may not be submitted; every problem blocks."""

    code: ProblemCode
    product_type: ProductType | None
    next_action: NextActionCode
    sku: str | None = None
    status: str | None = None
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
    unavailable = dict.fromkeys(line.sku for line in cart if line.product_type is None)
    wanted = {line.product_type for line in cart}
    problems = [_refuse_offer(sku) for sku in unavailable]
    if ProductType.INTERNET in wanted:
        problems += _judge_internet(standing)
    if ProductType.SIM in wanted:
        problems += _judge_sim(standing)
    return Verdict(tuple(problems), _choose_next_action(problems))


def _refuse_offer(sku: str) -> Problem:
    return Problem(
        code=ProblemCode.OFFER_NOT_AVAILABLE, product_type=None, next_action=NextActionCode.NONE, sku=sku
    )


def _judge_internet(standing: Standing) -> list[Problem]:
    if standing.internet is None:
        return [_miss_source(ProductType.INTERNET, standing)]
    status, next_action = standing.internet.status, standing.internet.next_action
    match status:
        case EligibilityStatus.ELIGIBLE:
            return [_miss_source(ProductType.INTERNET, standing)] if standing.is_stale else []
        case EligibilityStatus.NOT_REQUESTED:
            code = ProblemCode.ELIGIBILITY_NOT_REQUESTED
        case EligibilityStatus.PENDING:
            code = ProblemCode.ELIGIBILITY_PENDING
        case EligibilityStatus.INELIGIBLE:
            code = ProblemCode.ELIGIBILITY_INELIGIBLE
        case EligibilityStatus.UNKNOWN:
            code = ProblemCode.STATUS_UNKNOWN
    return [Problem(code=code, product_type=ProductType.INTERNET, next_action=next_action, status=status)]


def _judge_sim(standing: Standing) -> list[Problem]:
    match standing.sim:
        case None:
            return [_miss_source(ProductType.SIM, standing)]
        case VerificationStatus.VERIFIED | VerificationStatus.SUBMITTED:
            return [_miss_source(ProductType.SIM, standing)] if standing.is_stale else []
        case VerificationStatus.NOT_SUBMITTED:
            code, next_action = ProblemCode.ID_NOT_SUBMITTED, NextActionCode.UPLOAD_ID
        case VerificationStatus.REJECTED:
            code, next_action = ProblemCode.ID_REJECTED, NextActionCode.RESUBMIT_ID
        case VerificationStatus.UNKNOWN:
            code, next_action = ProblemCode.STATUS_UNKNOWN, NextActionCode.CONTACT_SUPPORT
    return [Problem(code=code, product_type=ProductType.SIM, next_action=next_action, status=standing.sim)]


def _miss_source(product_type: ProductType, standing: Standing) -> Problem:
    return Problem(
        code=ProblemCode.SOURCE_UNAVAILABLE,
        product_type=product_type,
        next_action=NextActionCode.NONE,
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
