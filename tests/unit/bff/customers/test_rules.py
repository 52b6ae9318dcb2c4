from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import msgspec
import pytest

from bff.customers.rules import (
    NEEDED,
    CreatedContext,
    CustomerKind,
    CustomerStatus,
    Profile,
    check_complete,
    plan_edit,
    plan_upgrade,
)
from bff.errors import PortalError
from tests.tables import make_id, read_table

PAGE = "customers.md"
MADE_AT = datetime(2025, 12, 19, 6, 0, tzinfo=UTC)
AT = MADE_AT + timedelta(days=1)
FIELDS = {
    "firstName": "first_name",
    "lastName": "last_name",
    "name2": "name2",
    "phone": "phone",
    "email": "email",
}
OLD = {
    "first_name": "Aiko",
    "last_name": "Tanaka",
    "name2": "田中愛子",
    "phone": "+819012345678",
    "email": "aiko@customer.example",
}
NEW = {name: f"new {value}" for name, value in OLD.items()}


def make_profile(kind: str, *has: str) -> Profile:
    kind, _, deactivated = kind.partition(", ")
    names = set(OLD) if "everything" in has else {FIELDS[name.removeprefix("proven ")] for name in has}
    is_proven = "everything" in has or "proven phone" in has
    return Profile(
        org_id=UUID(int=1),
        id=UUID(int=2),
        number=42,
        number_format="CUST-{:05d}",
        kind=CustomerKind(kind),
        status=CustomerStatus(deactivated or "active"),
        created_context=CreatedContext.POINT_OF_SALE,
        user_id=None,
        account_id=None,
        **{name: OLD[name] if name in names else None for name in OLD},
        phone_verified_at=MADE_AT if is_proven else None,
        email_verified_at=MADE_AT if "everything" in has else None,
        preferences={},
        picture=None,
        created_at=MADE_AT,
        updated_at=MADE_AT,
        deactivated_at=MADE_AT if deactivated else None,
    )


def read_words(cell: str) -> list[str]:
    return [] if cell == "nothing" else cell.split(", ")


def read_given(cell: str) -> dict[str, Any]:
    """`phone` is a new value, `phone null` takes it away, `status active` is that value."""
    given: dict[str, Any] = {}
    for word in read_words(cell):
        name, _, value = word.partition(" ")
        if name == "status":
            given[name] = CustomerStatus(value)
        elif name != "proof":
            given[FIELDS[name]] = None if value == "null" else NEW[FIELDS[name]]
    return given


class TestKinds:
    @pytest.mark.parametrize("row", read_table(PAGE, "What each kind needs"), ids=make_id)
    def test_need_what_the_table_says(self, row: dict[str, str]) -> None:
        kind, needed = CustomerKind(row["kind"]), read_words(row["needs"])

        assert NEEDED[kind] == tuple(FIELDS[name] for name in needed)
        for name in needed:
            with pytest.raises(PortalError, match=name) as refusal:
                check_complete(kind, OLD | {FIELDS[name]: None})
            assert refusal.value.code == "fields_missing"

    def test_are_shown_under_the_orgs_format(self) -> None:
        profile = make_profile("guest")

        assert profile.shown_number == "CUST-00042"
        assert msgspec.structs.replace(profile, number_format="OM {:d}/C").shown_number == "OM 42/C"


class TestUpgrade:
    @pytest.mark.parametrize("row", read_table(PAGE, "Upgrades"), ids=make_id)
    def test_follows_the_table(self, row: dict[str, str]) -> None:
        profile = make_profile(row["from"], *read_words(row["has"]))
        arguments = {"has_proof": "proof" in row["given"], "at": AT}
        to, given = CustomerKind(row["to"]), read_given(row["given"])
        if row["outcome"] not in list(CustomerKind):
            with pytest.raises(PortalError) as refusal:
                plan_upgrade(profile, to, given, **arguments)
            assert refusal.value.code == row["outcome"]
            return
        plan = plan_upgrade(profile, to, given, **arguments)
        after = msgspec.structs.replace(profile, **plan)

        assert after.kind == row["outcome"]
        assert (after.phone_verified_at is not None) == (after.kind is CustomerKind.FULL)
        for name, value in read_given(row["given"]).items():
            assert getattr(after, name) == value

    def test_keeps_what_was_not_given(self) -> None:
        profile = make_profile("stub", "firstName", "phone", "name2")
        given = {"last_name": "Mori", "email": "mori@customer.example"}
        after = msgspec.structs.replace(
            profile, **plan_upgrade(profile, CustomerKind.FULL, given, has_proof=True, at=AT)
        )

        assert (after.first_name, after.name2, after.phone) == ("Aiko", "田中愛子", "+819012345678")
        assert after.phone_verified_at == AT


class TestEdit:
    @pytest.mark.parametrize("row", read_table(PAGE, "Edits"), ids=make_id)
    def test_follows_the_table(self, row: dict[str, str]) -> None:
        kind = row["kind"]
        has = {"guest": (), "stub": ("firstName", "phone")}.get(kind.split(",")[0], ("everything",))
        profile = make_profile(kind, *has)
        given, has_proof = read_given(row["edit"]), row["proof"] == "yes"
        if row["outcome"] != "edited":
            with pytest.raises(PortalError) as refusal:
                plan_edit(profile, given, has_proof=has_proof, at=AT)
            assert refusal.value.code == row["outcome"]
            return
        plan = plan_edit(profile, given, has_proof=has_proof, at=AT)
        after = msgspec.structs.replace(profile, **plan)

        assert ["no", "yes"][after.phone_verified_at is not None] == row["phone"]
        assert ["no", "yes"][after.email_verified_at is not None] == row["e-mail"]

    def test_of_the_same_values_is_no_change(self) -> None:
        assert plan_edit(make_profile("full", "everything"), dict(OLD), has_proof=False, at=AT) == {}

    def test_notes_when_a_customer_was_deactivated(self) -> None:
        profile = make_profile("full", "everything")
        plan = plan_edit(profile, {"status": CustomerStatus.DEACTIVATED}, has_proof=False, at=AT)

        assert plan == {"status": CustomerStatus.DEACTIVATED, "deactivated_at": AT}

    def test_deactivates_once_and_forgets_when_it_is_active_again(self) -> None:
        profile = make_profile("full, deactivated", "everything")

        again = plan_edit(profile, {"status": CustomerStatus.DEACTIVATED}, has_proof=False, at=AT)
        active = plan_edit(profile, {"status": CustomerStatus.ACTIVE}, has_proof=False, at=AT)

        assert again == {}
        assert active == {"status": CustomerStatus.ACTIVE, "deactivated_at": None}

    def test_of_what_was_imported_without_what_its_kind_needs_is_allowed(self) -> None:
        imported = make_profile("full", "firstName")

        assert plan_edit(imported, {"name2": "愛子"}, has_proof=False, at=AT) == {"name2": "愛子"}
