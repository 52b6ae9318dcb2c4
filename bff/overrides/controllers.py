"""HTTP in and out of overrides: for the support desk and admins."""

from typing import Annotated
from uuid import UUID

from litestar import delete, get, post
from litestar.di import NamedDependency
from litestar.params import FromPath, JSONBody

from bff.errors import NotFound
from bff.identity import Caller, StaffRole, requires_staff
from bff.overrides.refusals import EndNotAllowed
from bff.overrides.schemas import (
    ACCOUNT_ID,
    OverrideAnswer,
    OverrideInput,
    OverrideList,
    make_override,
    read_account_id,
)
from bff.overrides.service import OverrideDesk
from bff.problems import WITH_BODY, problems

DESK = requires_staff(StaffRole.SUPPORT, StaffRole.ADMIN)
PATH = "/api/v1/gate-overrides"


@post(
    PATH,
    guards=[DESK],
    responses={**WITH_BODY, **problems(EndNotAllowed, NotFound)},
    tags=["gate"],
)
async def create_override(
    data: JSONBody[OverrideInput],
    caller: NamedDependency[Caller],
    override_desk: NamedDependency[OverrideDesk],
) -> OverrideAnswer:
    """Let one account order one type of product in spite of its status, until an end date. An unknown status still
    blocks.
    """
    override = await override_desk.create(
        caller,
        account_id=read_account_id(data.account_id),
        product_type=data.product_type,
        reason=data.reason.strip(),
        ends_at=data.ends_at,
    )
    return make_override(override)


@get(PATH, guards=[DESK], tags=["gate"])
async def list_overrides(
    caller: NamedDependency[Caller],
    override_desk: NamedDependency[OverrideDesk],
    account_id: Annotated[str, ACCOUNT_ID],
) -> OverrideList:
    """The overrides of one account."""
    records = await override_desk.list_all(caller, read_account_id(account_id))
    return OverrideList(items=[make_override(record) for record in records])


@delete(f"{PATH}/{{override_id:uuid}}", guards=[DESK], responses=problems(NotFound), tags=["gate"])
async def end_override(
    override_id: FromPath[UUID], caller: NamedDependency[Caller], override_desk: NamedDependency[OverrideDesk]
) -> None:
    """End an override now; it stays in the history."""
    await override_desk.end(caller, override_id)
