"""The wire shapes of customers."""

from collections.abc import Sequence
from datetime import datetime
from enum import StrEnum
from typing import Annotated, Any, Literal
from uuid import UUID

import msgspec
from msgspec import UNSET, Meta, UnsetType

from bff.addresses import (
    TEXT,
    AddressOnFile,
    CustomerAddress,
    NewAddressInput,
    make_customer_address,
)
from bff.addresses.schemas import Line100, Line200
from bff.customers.history import HistoryEntry
from bff.customers.repository import Count
from bff.customers.rules import (
    CreatedContext,
    CustomerKind,
    CustomerStatus,
    Profile,
    mask_email,
    to_wire,
)
from bff.phones import mask_phone

# What PostgreSQL and Python lower alike; addresses beyond ASCII are refused. What follows the dollar sign keeps out a
# last line break, which Python's would let in.
Email = Annotated[
    str,
    Meta(
        min_length=5,
        max_length=254,
        pattern=r"^[A-Za-z0-9.!#$%&'*+/=?^_`{|}~-]+@[A-Za-z0-9-]+(\.[A-Za-z0-9-]+)+$(?!\n)",
    ),
]
PhoneText = Annotated[str, Meta(min_length=1, max_length=64, pattern=r"^[^\x00-\x1f\x7f]*$")]
Picture = Annotated[str, Meta(max_length=500, pattern=r"^https://[^\s\x00-\x1f\x7f\"'<>\\]+$")]
Proof = Annotated[str, Meta(min_length=1, max_length=500, pattern=r"^[!-~]+$")]
Key = Annotated[str, Meta(pattern=r"^[A-Za-z][A-Za-z0-9_.-]{0,49}$(?!\n)", min_length=1, max_length=50)]
Choice = (
    bool | Annotated[int, Meta(ge=-(2**53), le=2**53)] | Annotated[str, Meta(max_length=200, pattern=TEXT)]
)
Addresses = Annotated[list[NewAddressInput], Meta(max_length=10)]
Preferences = Annotated[dict[Key, Choice], Meta(max_length=50)]


class CustomerInput(msgspec.Struct, frozen=True, kw_only=True, rename="camel", forbid_unknown_fields=True):
    """`phone` in any spelling; without a country code it is the org's. `proof` is what `verify-otp` answered for it.

    `createdContext` is `point_of_sale` for staff and `third_party` for machines when it is not given.
    """

    first_name: Line100 | None = None
    last_name: Line100 | None = None
    name2: Line200 | None = None
    phone: PhoneText | None = None
    email: Email | None = None
    proof: Proof | None = None
    preferences: Preferences = {}
    picture: Picture | None = None
    addresses: Addresses = []
    created_context: CreatedContext | None = None


class GuestInput(CustomerInput, frozen=True, kw_only=True, tag_field="type", tag="guest"):
    """A guest: nothing is needed."""


class StubInput(CustomerInput, frozen=True, kw_only=True, tag_field="type", tag="stub"):
    """A stub: name and phone, as taken at a till."""

    first_name: Line100
    phone: PhoneText


class FullInput(CustomerInput, frozen=True, kw_only=True, tag_field="type", tag="full"):
    """A full customer: the phone is proven by a code."""

    first_name: Line100
    last_name: Line100
    phone: PhoneText
    email: Email
    proof: Proof


NewCustomerInput = GuestInput | StubInput | FullInput


class UpgradeInput(msgspec.Struct, frozen=True, kw_only=True, rename="camel", forbid_unknown_fields=True):
    """To which kind, and what that kind needs beyond what is known. `full` needs a `proof` of the phone."""

    type: Literal["stub", "full"] = "full"
    first_name: Line100 | UnsetType = UNSET
    last_name: Line100 | UnsetType = UNSET
    name2: Line200 | UnsetType | None = UNSET
    phone: PhoneText | UnsetType = UNSET
    email: Email | UnsetType = UNSET
    preferences: Preferences | UnsetType = UNSET
    picture: Picture | UnsetType | None = UNSET
    addresses: Addresses = []
    proof: Proof | None = None


class CustomerEdit(msgspec.Struct, frozen=True, kw_only=True, rename="camel", forbid_unknown_fields=True):
    """What is left out stays, null takes away. `status` is for admins. `preferences` replace all that there were."""

    first_name: Line100 | UnsetType | None = UNSET
    last_name: Line100 | UnsetType | None = UNSET
    name2: Line200 | UnsetType | None = UNSET
    phone: PhoneText | UnsetType | None = UNSET
    email: Email | UnsetType | None = UNSET
    preferences: Preferences | UnsetType = UNSET
    picture: Picture | UnsetType | None = UNSET
    status: CustomerStatus | UnsetType = UNSET
    proof: Proof | None = None


class CustomerAnswer(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """One customer of the caller's org. `phone` in E.164; `name2` is the name in the org's other language.

    A till that asks for a customer sees `phone` and `email` masked.
    """

    id: UUID
    customer_number: str
    type: CustomerKind
    first_name: str | None
    last_name: str | None
    name2: str | None
    phone: str | None
    email: str | None
    phone_verified: bool
    email_verified: bool
    preferences: dict[str, bool | int | str]
    picture: str | None
    addresses: list[CustomerAddress]
    status: CustomerStatus
    created_context: CreatedContext
    created_at: datetime
    updated_at: datetime


class CustomerList(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """Newest first."""

    items: list[CustomerAnswer]
    next_cursor: str | None


class StatsAnswer(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """How many customers the org has; every kind, status and context is there, with 0 too."""

    total: int
    phone_verified: int
    with_account: int
    by_type: dict[str, int]
    by_status: dict[str, int]
    by_context: dict[str, int]


class HistoryAnswer(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """`action` such as `upgraded`; `before` and `after` by the field's name."""

    id: UUID
    at: datetime
    actor: str
    action: str
    before: dict[str, Any]
    after: dict[str, Any]


class HistoryList(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """Newest first."""

    items: list[HistoryAnswer]
    next_cursor: str | None


def make_customer(
    profile: Profile, addresses: Sequence[AddressOnFile], *, is_masked: bool = False
) -> CustomerAnswer:
    return CustomerAnswer(
        id=profile.id,
        customer_number=profile.shown_number,
        type=profile.kind,
        first_name=profile.first_name,
        last_name=profile.last_name,
        name2=profile.name2,
        phone=mask_phone(profile.phone) if is_masked and profile.phone else profile.phone,
        email=mask_email(profile.email) if is_masked and profile.email else profile.email,
        phone_verified=profile.phone_verified_at is not None,
        email_verified=profile.email_verified_at is not None,
        preferences=profile.preferences,
        picture=profile.picture,
        addresses=[make_customer_address(kept) for kept in addresses],
        status=profile.status,
        created_context=profile.created_context,
        created_at=profile.created_at.replace(microsecond=0),
        updated_at=profile.updated_at.replace(microsecond=0),
    )


def make_stats(counts: Sequence[Count]) -> StatsAnswer:
    return StatsAnswer(
        total=sum(one.customers for one in counts),
        phone_verified=sum(one.phone_verified for one in counts),
        with_account=sum(one.with_account for one in counts),
        by_type=_sum_by(CustomerKind, [(one.kind, one.customers) for one in counts]),
        by_status=_sum_by(CustomerStatus, [(one.status, one.customers) for one in counts]),
        by_context=_sum_by(CreatedContext, [(one.created_context, one.customers) for one in counts]),
    )


def _sum_by(values: type[StrEnum], counts: Sequence[tuple[StrEnum, int]]) -> dict[str, int]:
    return {value.value: sum(count for counted, count in counts if counted is value) for value in values}


def make_history_entry(entry: HistoryEntry) -> HistoryAnswer:
    change = entry.change
    return HistoryAnswer(
        id=entry.id,
        at=entry.at.replace(microsecond=0),
        actor=entry.actor,
        action=change["action"],
        before={to_wire(name): value for name, value in change["before"].items()},
        after={to_wire(name): value for name, value in change["after"].items()},
    )
