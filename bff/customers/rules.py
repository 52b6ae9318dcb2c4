"""What a customer is, what each kind needs, and how a kind rises. Pure: time and the caller are arguments."""

from collections.abc import Iterable, Mapping
from datetime import datetime
from enum import StrEnum
from typing import Any
from uuid import UUID

import msgspec

from bff.customers.refusals import (
    CustomerDeactivated,
    FieldsMissing,
    PhoneProofRequired,
    UpgradeNotPossible,
)


class CustomerKind(StrEnum):
    GUEST = "guest"
    STUB = "stub"
    FULL = "full"


class CustomerStatus(StrEnum):
    ACTIVE = "active"
    DEACTIVATED = "deactivated"


class CreatedContext(StrEnum):
    """The door by which a customer came in; it never changes."""

    REGISTRATION = "registration"
    CONSUMER = "consumer"
    POINT_OF_SALE = "point_of_sale"
    THIRD_PARTY = "third_party"


Preferences = dict[str, Any]
Changes = dict[str, Any]
"""New values by the names of `Profile`'s fields."""

RANK = {CustomerKind.GUEST: 0, CustomerKind.STUB: 1, CustomerKind.FULL: 2}

NEEDED: Mapping[CustomerKind, tuple[str, ...]] = {
    CustomerKind.GUEST: (),
    CustomerKind.STUB: ("first_name", "phone"),
    CustomerKind.FULL: ("first_name", "last_name", "phone", "email"),
}
"""What each kind has for as long as it is that kind; a full one's phone is proven besides."""


class Profile(msgspec.Struct, frozen=True, kw_only=True):
    """One customer as stored. `number` counts from 1 within the org; `number_format` is the org's."""

    org_id: UUID
    id: UUID
    number: int
    number_format: str
    kind: CustomerKind
    status: CustomerStatus
    created_context: CreatedContext
    user_id: UUID | None
    account_id: str | None
    first_name: str | None
    last_name: str | None
    name2: str | None
    phone: str | None
    phone_verified_at: datetime | None
    email: str | None
    email_verified_at: datetime | None
    preferences: Preferences
    picture: str | None
    created_at: datetime
    updated_at: datetime
    deactivated_at: datetime | None

    @property
    def shown_number(self) -> str:
        return self.number_format.format(self.number)


def mask_email(email: str) -> str:
    """The first letter and the domain, three dots between whatever the length."""
    name, _, domain = email.rpartition("@")
    return f"{name[:1]}•••@{domain}"


def check_complete(kind: CustomerKind, values: Mapping[str, Any]) -> None:
    """
    Raises:
        FieldsMissing: a customer of this kind would lack something.
    """
    _refuse_missing(name for name in NEEDED[kind] if not values.get(name))


def plan_upgrade(
    profile: Profile, to: CustomerKind, given: Changes, *, has_proof: bool, at: datetime
) -> Changes:
    """What rises and what is added; values that were not given stay. `has_proof`: the phone was proven just now.

    Raises:
        CustomerDeactivated, UpgradeNotPossible, FieldsMissing, PhoneProofRequired: nothing changes.
    """
    check_active(profile)
    if RANK[to] <= RANK[profile.kind]:
        raise UpgradeNotPossible
    changes = _find_differences(profile, given)
    check_complete(to, msgspec.structs.asdict(profile) | changes)
    is_proven = profile.phone_verified_at is not None and "phone" not in changes
    if to is CustomerKind.FULL and not (has_proof or is_proven):
        raise PhoneProofRequired
    return {"kind": to} | _with_verifications(changes, has_proof=has_proof, at=at)


def plan_edit(profile: Profile, given: Changes, *, has_proof: bool, at: datetime) -> Changes:
    """Only what differs. A new phone or e-mail address is not verified until it is proven.

    Raises:
        CustomerDeactivated: it must be activated first, or in the same edit.
        FieldsMissing, PhoneProofRequired: the edit takes away what the kind needs.
    """
    changes = _find_differences(profile, given)
    if (changes or has_proof) and "status" not in changes:
        check_active(profile)
    # What came from elsewhere without something its kind needs may still be edited.
    _refuse_missing(name for name in NEEDED[profile.kind] if name in changes and not changes[name])
    if profile.kind is CustomerKind.FULL and "phone" in changes and not has_proof:
        raise PhoneProofRequired
    if "status" in changes:
        is_active = changes["status"] is CustomerStatus.ACTIVE
        changes["deactivated_at"] = None if is_active else at
    return _with_verifications(changes, has_proof=has_proof, at=at)


def _find_differences(profile: Profile, given: Changes) -> Changes:
    before = msgspec.structs.asdict(profile)
    return {name: value for name, value in given.items() if value != before[name]}


def _with_verifications(changes: Changes, *, has_proof: bool, at: datetime) -> Changes:
    if has_proof or "phone" in changes:
        changes["phone_verified_at"] = at if has_proof else None
    if "email" in changes:
        changes["email_verified_at"] = None
    return changes


def check_active(profile: Profile) -> None:
    """
    Raises:
        CustomerDeactivated
    """
    if profile.status is CustomerStatus.DEACTIVATED:
        raise CustomerDeactivated


def _refuse_missing(names: Iterable[str]) -> None:
    if missing := tuple(to_wire(name) for name in names):
        raise FieldsMissing(*missing)


def to_wire(name: str) -> str:
    """A field's name as clients know it."""
    if name == "kind":
        return "type"
    head, *rest = name.split("_")
    return head + "".join(part.capitalize() for part in rest)
