"""HTTP in and out of a customer's addresses: for the desk, the till, machines, and the customer."""

from typing import Annotated
from uuid import UUID

from litestar import Response, delete, get, patch, post
from litestar.di import NamedDependency
from litestar.openapi import ResponseSpec
from litestar.params import FromPath, JSONBody, QueryParameter

from bff.addresses.refusals import DefaultRequired, PointIncomplete, TooManyAddresses
from bff.addresses.schemas import (
    NEAR,
    AddressChange,
    AddressList,
    CustomerAddress,
    NewAddressInput,
    make_address,
    make_address_list,
    parse_near,
)
from bff.addresses.service import AddressBook
from bff.errors import IdempotencyKeyReused, NotFound
from bff.idempotency import IdempotencyKey, parse_idempotency_key
from bff.identity import Caller, StaffRole, or_own, requires_staff_or_machine
from bff.problems import WITH_BODY, problems

PATH = "/api/v1/customers/{customer_id:uuid}/addresses"
ONE = f"{PATH}/{{address_id:uuid}}"

TILL, DESK = (StaffRole.POS, StaffRole.SUPPORT, StaffRole.ADMIN), (StaffRole.SUPPORT, StaffRole.ADMIN)
may_read = or_own(requires_staff_or_machine(*TILL, scope="customers:read"))
may_add = or_own(requires_staff_or_machine(*TILL, scope="customers:write"))
may_edit = or_own(requires_staff_or_machine(*DESK, scope="customers:write"))


@get(PATH, guards=[may_read], responses=problems(NotFound), tags=["customers"])
async def list_customer_addresses(
    customer_id: FromPath[UUID],
    caller: NamedDependency[Caller],
    address_book: NamedDependency[AddressBook],
    near: Annotated[str | None, QueryParameter(name="near", pattern=NEAR)] = None,
) -> AddressList:
    """All addresses of a customer; with `near=latitude,longitude` the distance of each in metres, nearest first."""
    point = parse_near(near)
    return make_address_list(await address_book.list_all(caller, customer_id), point)


@post(
    PATH,
    guards=[may_add],
    responses={
        **WITH_BODY,
        **problems(NotFound, TooManyAddresses, PointIncomplete, IdempotencyKeyReused),
        201: ResponseSpec(CustomerAddress, description="Added", generate_examples=False),
    },
    tags=["customers"],
)
async def add_customer_address(
    customer_id: FromPath[UUID],
    data: JSONBody[NewAddressInput],
    caller: NamedDependency[Caller],
    address_book: NamedDependency[AddressBook],
    idempotency_key: IdempotencyKey = None,
) -> Response[bytes]:
    """Add an address. A customer's first one is the default; `isDefault` moves it to this one."""
    answer = await address_book.add(
        caller,
        customer_id,
        make_address(data, region=caller.region),
        is_default=data.is_default,
        key=parse_idempotency_key(idempotency_key),
    )
    return Response(answer.body, status_code=answer.status, media_type="application/json")


@patch(
    ONE,
    guards=[may_edit],
    responses={**WITH_BODY, **problems(NotFound, DefaultRequired, PointIncomplete)},
    tags=["customers"],
)
async def change_customer_address(
    customer_id: FromPath[UUID],
    address_id: FromPath[UUID],
    data: JSONBody[AddressChange],
    caller: NamedDependency[Caller],
    address_book: NamedDependency[AddressBook],
) -> CustomerAddress:
    """Change what the body names; null empties a part. The default moves by `isDefault: true` and never just ends."""
    return await address_book.change(caller, customer_id, address_id, data)


@delete(ONE, guards=[may_edit], responses=problems(NotFound), tags=["customers"])
async def remove_customer_address(
    customer_id: FromPath[UUID],
    address_id: FromPath[UUID],
    caller: NamedDependency[Caller],
    address_book: NamedDependency[AddressBook],
) -> None:
    """Remove an address. If it was the default, a home becomes it before a work place, and the newest among equals."""
    await address_book.remove(caller, customer_id, address_id)
