"""HTTP in and out of links between numbers and customers: for the support desk, admins and machines that may write."""

from typing import Annotated
from uuid import UUID

from litestar import Response, delete, get, post
from litestar.di import NamedDependency
from litestar.openapi import ResponseSpec
from litestar.params import FromPath, JSONBody

from bff.errors import NotFound
from bff.identity import Caller, StaffRole, requires_staff_or_machine
from bff.phones.refusals import PhoneIsOperators, PhoneNotPersonal
from bff.phones.rules import PhoneNotValid
from bff.phones.schemas import REASON, PhoneLinkAnswer, PhoneLinkInput, PhoneLinkList, make_phone_link
from bff.phones.service import PhoneDesk
from bff.problems import WITH_BODY, problems

LINKS_PATH = "/api/v1/customers/{customer_id:uuid}/phone-links"

_DESK = (StaffRole.SUPPORT, StaffRole.ADMIN)
may_read = requires_staff_or_machine(*_DESK, scope="customers:read")
may_edit = requires_staff_or_machine(*_DESK, scope="customers:write")


@post(
    LINKS_PATH,
    guards=[may_edit],
    responses={
        200: ResponseSpec(
            PhoneLinkAnswer, description="The number was linked already", generate_examples=False
        ),
        **WITH_BODY,
        **problems(NotFound, PhoneNotValid, PhoneNotPersonal, PhoneIsOperators),
    },
    tags=["customers"],
)
async def link_number(
    customer_id: FromPath[UUID],
    data: JSONBody[PhoneLinkInput],
    caller: NamedDependency[Caller],
    phone_desk: NamedDependency[PhoneDesk],
) -> Response[PhoneLinkAnswer]:
    """Say that the customer uses this number. It is not proven by that."""
    link, is_new = await phone_desk.link(caller, customer_id, data.phone)
    return Response(make_phone_link(link), status_code=201 if is_new else 200)


@get(LINKS_PATH, guards=[may_read], responses=problems(NotFound), tags=["customers"])
async def list_numbers(
    customer_id: FromPath[UUID], caller: NamedDependency[Caller], phone_desk: NamedDependency[PhoneDesk]
) -> PhoneLinkList:
    """The customer's numbers, unlinked ones too."""
    links = await phone_desk.list_all(caller, customer_id)
    return PhoneLinkList(items=[make_phone_link(link) for link in links])


@delete(f"{LINKS_PATH}/{{link_id:uuid}}", guards=[may_edit], responses=problems(NotFound), tags=["customers"])
async def unlink_number(
    customer_id: FromPath[UUID],
    link_id: FromPath[UUID],
    reason: Annotated[str, REASON],
    caller: NamedDependency[Caller],
    phone_desk: NamedDependency[PhoneDesk],
) -> None:
    """Say that the customer no longer uses this number, and why; it stays in the history."""
    await phone_desk.unlink(caller, customer_id, link_id, reason.strip())
