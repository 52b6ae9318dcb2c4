"""HTTP in and out of internet eligibility."""

from typing import Any

from litestar import Response, get, post
from litestar.di import NamedDependency
from litestar.openapi import ResponseSpec
from litestar.params import JSONBody

from bff.eligibility.acceptance import Asked
from bff.eligibility.refusals import (
    AddressAlreadyReviewed,
    AddressRequired,
    AlreadyEligible,
    StatusUnknown,
)
from bff.eligibility.schemas import EligibilityAnswer, ReviewInput, make_answer
from bff.eligibility.service import Eligibility
from bff.errors import IdempotencyKeyReused, TooManyRequests
from bff.idempotency import IdempotencyKey, parse_idempotency_key
from bff.identity import Caller, requires_customer
from bff.problems import WITH_BODY, problems
from bff.texts import find_texts

REFUSALS = problems(
    AddressRequired,
    AlreadyEligible,
    AddressAlreadyReviewed,
    StatusUnknown,
    IdempotencyKeyReused,
    TooManyRequests,
)
ANSWERS: dict[int, ResponseSpec] = {
    200: ResponseSpec(EligibilityAnswer, description="A review is open already", generate_examples=False)
}

ELIGIBILITY_PATH = "/api/eligibility/internet"

NOTHING_SAID = ReviewInput()


@get(ELIGIBILITY_PATH, guards=[requires_customer], tags=["eligibility"])
async def show_eligibility(
    caller: NamedDependency[Caller], eligibility: NamedDependency[Eligibility]
) -> EligibilityAnswer:
    """The customer's internet eligibility: one status, one next action, and how fresh they are."""
    assessment = await eligibility.reader.get_assessment(caller)
    return make_answer(assessment, find_texts(caller.locale))


@post(
    "/api/eligibility/internet/request",
    status_code=202,
    guards=[requires_customer],
    responses={**WITH_BODY, **REFUSALS, **ANSWERS},
    tags=["eligibility"],
)
async def request_review(
    caller: NamedDependency[Caller],
    eligibility: NamedDependency[Eligibility],
    data: JSONBody[ReviewInput] = NOTHING_SAID,
    idempotency_key: IdempotencyKey = None,
) -> Response[Any]:
    """Ask for a review of the address. 202: accepted, and `pending` from now on; 200: one was open already."""
    asked = Asked(address=data.address, sku=data.sku, notes=data.notes)
    reply = await eligibility.request_review(caller, asked, key=parse_idempotency_key(idempotency_key))
    return Response(make_answer(reply.assessment, find_texts(caller.locale)), status_code=reply.status)
