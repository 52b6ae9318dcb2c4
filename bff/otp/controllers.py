"""HTTP in and out of one-time codes: for the desk, the till, machines, and customers with a number of their own."""

from typing import Any

from litestar import Request, post
from litestar.di import NamedDependency
from litestar.openapi import ResponseSpec
from litestar.params import JSONBody

from bff.errors import Forbidden
from bff.identity import Caller, CallerKind, StaffRole, or_customer, requires_staff_or_machine
from bff.identity.clients import get_client_address
from bff.otp.refusals import (
    CodeNotSent,
    CodesPaused,
    PhoneNotAllowed,
    PhoneNotReachable,
    TooManyCodes,
    WrongCode,
)
from bff.otp.rules import Purpose
from bff.otp.schemas import (
    CodeEntry,
    CodeRequest,
    CodeUnderway,
    PhoneConfirmed,
    make_confirmed,
    make_underway,
)
from bff.otp.service import Asker, OneTimeCodes
from bff.problems import PROBLEM_JSON, WITH_BODY, problems
from bff.settings import Settings

OF_CUSTOMERS = frozenset({Purpose.VERIFICATION, Purpose.CLAIM})
"""Who is signed in needs no code for registration or login."""

may_ask = or_customer(
    requires_staff_or_machine(StaffRole.POS, StaffRole.SUPPORT, StaffRole.ADMIN, scope="customers:write"),
)


@post(
    "/api/v1/customers/send-otp",
    status_code=202,
    guards=[may_ask],
    responses={
        **WITH_BODY,
        **problems(PhoneNotAllowed, PhoneNotReachable, TooManyCodes, CodesPaused, CodeNotSent),
    },
    tags=["customers"],
)
async def send_code(
    request: Request[Any, Any, Any],
    data: JSONBody[CodeRequest],
    caller: NamedDependency[Caller],
    settings: NamedDependency[Settings],
    one_time_codes: NamedDependency[OneTimeCodes],
) -> CodeUnderway:
    """Send a code by SMS to a mobile number: six digits, good for five minutes and three tries. The answer is the same
    whether anybody knows the number.
    """
    asker = _find_asker(request, caller, settings, data.purpose)
    underway = await one_time_codes.send(
        asker, phone=data.phone, purpose=data.purpose, language=data.language
    )
    return make_underway(underway)


@post(
    "/api/v1/customers/verify-otp",
    status_code=200,
    guards=[may_ask],
    responses={
        **WITH_BODY,
        422: ResponseSpec(
            WrongCode,
            description="Unprocessable Entity: code_wrong, code_expired, phone_not_valid",
            media_type=PROBLEM_JSON,
            generate_examples=False,
        ),
    },
    tags=["customers"],
)
async def enter_code(
    request: Request[Any, Any, Any],
    data: JSONBody[CodeEntry],
    caller: NamedDependency[Caller],
    settings: NamedDependency[Settings],
    one_time_codes: NamedDependency[OneTimeCodes],
) -> PhoneConfirmed:
    """Exchange the code for a proof that the number is in the caller's hands. Who asked for the code enters it."""
    asker = _find_asker(request, caller, settings, data.purpose)
    confirmed = await one_time_codes.verify(asker, phone=data.phone, purpose=data.purpose, code=data.code)
    return make_confirmed(confirmed)


def _find_asker(
    request: Request[Any, Any, Any], caller: Caller, settings: Settings, purpose: Purpose
) -> Asker:
    """
    Raises:
        Forbidden: a purpose that this kind of caller has no need of.
    """
    if caller.kind is not CallerKind.CUSTOMER:
        return Asker(caller=caller)
    if purpose not in OF_CUSTOMERS:
        raise Forbidden
    return Asker(
        caller=caller, address=get_client_address(request.scope, settings.identity.trusted_proxy_hops)
    )
