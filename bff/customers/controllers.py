"""HTTP in and out of customers."""

from typing import Annotated, Any
from uuid import UUID

import msgspec
from litestar import Response, delete, get, patch, post
from litestar.di import NamedDependency, Provide
from litestar.openapi import ResponseSpec
from litestar.params import FromPath, JSONBody

from bff.customers.access import (
    is_admin,
    may_administer,
    may_create,
    may_edit,
    may_read,
    may_read_all,
)
from bff.customers.overview import PATH, provide_wanted
from bff.customers.reading import read_addresses, read_given, read_new
from bff.customers.refusals import (
    CustomerDeactivated,
    CustomerExists,
    FieldsMissing,
    PhoneProofRequired,
    UpgradeNotPossible,
)
from bff.customers.repository import Wanted
from bff.customers.rules import CustomerKind
from bff.customers.schemas import (
    CustomerAnswer,
    CustomerEdit,
    CustomerList,
    HistoryList,
    NewCustomerInput,
    UpgradeInput,
    make_history_entry,
)
from bff.customers.service import Customers, Once
from bff.errors import Forbidden, IdempotencyKeyReused, NotFound
from bff.idempotency import Answer, IdempotencyKey, make_digest, parse_idempotency_key
from bff.identity import Caller, or_own
from bff.keyset import CURSOR, LIMIT, format_cursor, parse_cursor
from bff.otp import ProofRefused
from bff.phones import PhoneIsOperators, PhoneNotPersonal, PhoneNotValid
from bff.problems import WITH_BODY, problems

ONE = f"{PATH}/{{customer_id:uuid}}"


def answers(status: int, description: str) -> dict[int, ResponseSpec]:
    return {status: ResponseSpec(CustomerAnswer, description=description, generate_examples=False)}


@post(
    PATH,
    guards=[may_create],
    responses={
        **WITH_BODY,
        **problems(
            CustomerDeactivated,
            CustomerExists,
            FieldsMissing,
            IdempotencyKeyReused,
            PhoneIsOperators,
            PhoneNotPersonal,
            PhoneNotValid,
            ProofRefused,
        ),
        **answers(201, "Made"),
        **answers(200, "The consumer had this profile already"),
    },
    tags=["customers"],
)
async def create_customer(
    data: JSONBody[NewCustomerInput],
    caller: NamedDependency[Caller],
    customers: NamedDependency[Customers],
    idempotency_key: IdempotencyKey = None,
) -> Response[Any]:
    """Make a customer: a guest needs nothing, a stub name and phone, a full one a proven phone and an e-mail."""
    new = read_new(data, caller.region)
    made = await customers.create(caller, new, make_once(idempotency_key, PATH, data))
    return send(made)


@get(
    PATH,
    guards=[may_read_all],
    dependencies={"wanted": Provide(provide_wanted, sync_to_thread=False)},
    tags=["customers"],
)
async def list_customers(
    caller: NamedDependency[Caller],
    customers: NamedDependency[Customers],
    wanted: NamedDependency[Wanted],
    cursor: Annotated[str | None, CURSOR] = None,
    limit: Annotated[int, LIMIT] = 20,
) -> CustomerList:
    """The org's customers, newest first, deactivated ones too unless `status` says otherwise."""
    page = await customers.list_page(caller, wanted, after=parse_cursor(cursor), limit=limit)
    return CustomerList(
        items=page.items,
        next_cursor=format_cursor(page.next_place) if page.next_place else None,
    )


@get(ONE, guards=[or_own(may_read)], responses=problems(NotFound), tags=["customers"])
async def show_customer(
    customer_id: FromPath[UUID], caller: NamedDependency[Caller], customers: NamedDependency[Customers]
) -> CustomerAnswer:
    """One customer; a customer sees the own profile. A till sees phone number and e-mail address masked."""
    return await customers.get(caller, customer_id)


@patch(
    ONE,
    guards=[or_own(may_edit)],
    responses={
        **WITH_BODY,
        **problems(
            CustomerDeactivated,
            FieldsMissing,
            NotFound,
            PhoneIsOperators,
            PhoneNotPersonal,
            PhoneNotValid,
            PhoneProofRequired,
            ProofRefused,
        ),
    },
    tags=["customers"],
)
async def edit_customer(
    customer_id: FromPath[UUID],
    data: JSONBody[CustomerEdit],
    caller: NamedDependency[Caller],
    customers: NamedDependency[Customers],
) -> CustomerAnswer:
    """Change what is sent: null takes away, what is left out stays. Only admins change the status."""
    given = read_given(data, caller.region)
    if "status" in given and not is_admin(caller):
        raise Forbidden
    return await customers.edit(caller, customer_id, given, proof=data.proof)


@delete(ONE, guards=[may_administer], responses=problems(NotFound), tags=["customers"])
async def deactivate_customer(
    customer_id: FromPath[UUID], caller: NamedDependency[Caller], customers: NamedDependency[Customers]
) -> None:
    """Deactivate: the profile and its history stay, nobody signs in with it, and an admin can activate it again."""
    await customers.deactivate(caller, customer_id)


@post(
    f"{ONE}/upgrade",
    status_code=200,
    guards=[or_own(may_create)],
    responses={
        **WITH_BODY,
        **problems(
            CustomerDeactivated,
            FieldsMissing,
            IdempotencyKeyReused,
            NotFound,
            PhoneIsOperators,
            PhoneNotPersonal,
            PhoneNotValid,
            PhoneProofRequired,
            ProofRefused,
            UpgradeNotPossible,
        ),
        **answers(200, "Upgraded"),
    },
    tags=["customers"],
)
async def upgrade_customer(
    customer_id: FromPath[UUID],
    data: JSONBody[UpgradeInput],
    caller: NamedDependency[Caller],
    customers: NamedDependency[Customers],
    idempotency_key: IdempotencyKey = None,
) -> Response[Any]:
    """Raise a guest to a stub or a full customer, or a stub to a full one; never back. The history stays."""
    raised = await customers.upgrade(
        caller,
        customer_id,
        CustomerKind(data.type),
        read_given(data, caller.region),
        addresses=read_addresses(data.addresses, caller.region),
        proof=data.proof,
        once=make_once(idempotency_key, f"{PATH}/{customer_id}/upgrade", data),
    )
    return send(raised)


@get(f"{ONE}/history", guards=[may_read_all], responses=problems(NotFound), tags=["customers"])
async def show_history(
    customer_id: FromPath[UUID],
    caller: NamedDependency[Caller],
    customers: NamedDependency[Customers],
    cursor: Annotated[str | None, CURSOR] = None,
    limit: Annotated[int, LIMIT] = 20,
) -> HistoryList:
    """What happened to a customer, newest first, with the values before and after."""
    page = await customers.list_history(caller, customer_id, after=parse_cursor(cursor), limit=limit)
    return HistoryList(
        items=[make_history_entry(entry) for entry in page.entries],
        next_cursor=format_cursor(page.next_place) if page.next_place else None,
    )


def make_once(header: str | None, path: str, data: msgspec.Struct) -> Once:
    return Once(key=parse_idempotency_key(header), digest=make_digest(path, data))


def send(answer: Answer) -> Response[Any]:
    return Response(answer.body, status_code=answer.status, media_type="application/json")
