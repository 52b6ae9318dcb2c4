"""HTTP in and out of the caller's own org: what it is called, which language it speaks, how it counts customers."""

from typing import Annotated

import msgspec
from litestar import get, patch
from litestar.di import NamedDependency
from litestar.params import JSONBody
from msgspec import UNSET, Meta, UnsetType

from bff.audit import record
from bff.db import Database
from bff.identity import Caller, StaffRole, requires_staff_or_machine
from bff.problems import WITH_BODY
from bff.tenancy.repository import OrgProfile, change_org, get_org_profile

PATH = "/api/v1/org"
READ, ADMINISTER = "org:read", "org:admin"
EVERY_ROLE = (StaffRole.POS, StaffRole.SUPPORT, StaffRole.ADMIN)

# As the database checks it: one number, with leading zeros or without, between a few plain signs. What follows the
# dollar sign keeps out a last line break, which Python's would let in.
NUMBER_FORMAT = r"^[A-Za-z0-9 ./_-]{0,20}\{:(0[1-9])?d\}[A-Za-z0-9 ./_-]{0,20}$(?!\n)"
Name = Annotated[
    str,
    Meta(
        min_length=1, max_length=100, pattern=r"^[^\x00-\x1f\x7f]*[^\s\x00-\x1f\x7f][^\x00-\x1f\x7f]*$(?!\n)"
    ),
]
NumberFormat = Annotated[str, Meta(min_length=4, max_length=46, pattern=NUMBER_FORMAT)]
Country = Annotated[str, Meta(min_length=2, max_length=2, pattern=r"^[A-Z]{2}$")]
Countries = Annotated[list[Country], Meta(min_length=1, max_length=50)]
Locale = Annotated[str, Meta(min_length=2, max_length=2, pattern=r"^(en|ja|ar)$")]


class OrgAnswer(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """`numberFormat` shows the count of customers: `CUST-{:05d}` as CUST-00001. `smsCountries` null: `region` alone."""

    slug: str
    name: str
    region: str
    locale: str
    number_format: str
    sms_countries: list[str] | None


class OrgEdit(msgspec.Struct, frozen=True, kw_only=True, rename="camel", forbid_unknown_fields=True):
    """What is left out stays. Slug and region never change: sign-ins and phone numbers hang on them."""

    name: Name | UnsetType = UNSET
    locale: Locale | UnsetType = UNSET
    number_format: NumberFormat | UnsetType = UNSET
    sms_countries: Countries | UnsetType | None = UNSET


@get(PATH, guards=[requires_staff_or_machine(*EVERY_ROLE, scope=READ)], tags=["org"])
async def show_org(caller: NamedDependency[Caller], database: NamedDependency[Database]) -> OrgAnswer:
    """The caller's own org."""
    async with database.transaction(caller.org_id) as session:
        return make_org(await get_org_profile(session, caller.org_id))


@patch(
    PATH,
    guards=[requires_staff_or_machine(StaffRole.ADMIN, scope=ADMINISTER)],
    responses=WITH_BODY,
    tags=["org"],
)
async def edit_org(
    data: JSONBody[OrgEdit], caller: NamedDependency[Caller], database: NamedDependency[Database]
) -> OrgAnswer:
    """Change what is sent. A new `numberFormat` shows old numbers in the new way too: what is stored is the count."""
    changes = {name: value for name, value in msgspec.structs.asdict(data).items() if value is not UNSET}
    async with database.transaction(caller.org_id) as session:
        org = await change_org(session, caller.org_id, changes)
        await record(
            session,
            org_id=caller.org_id,
            actor=caller.actor,
            action="org.edited",
            subject=f"org:{caller.org_id}",
            detail={"fields": sorted(changes)},
        )
    return make_org(org)


def make_org(org: OrgProfile) -> OrgAnswer:
    return OrgAnswer(**msgspec.structs.asdict(org))
