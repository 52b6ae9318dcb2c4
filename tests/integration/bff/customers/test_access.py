"""Who may do what, as the table in the documentation says."""

import httpx
import pytest

from tests.integration.bff.customers.desk import (
    ADMIN,
    ALL_SCOPES,
    CUSTOMERS,
    MOBILE,
    STUB,
    SUPPORT,
    TILL,
    Desk,
)
from tests.tables import read_table

pytestmark = pytest.mark.asyncio

STAFF = {"pos": TILL, "support": SUPPORT, "admin": ADMIN}
CALLS: dict[str, tuple[str, str, object]] = {
    "create": ("POST", "", {"type": "guest"}),
    "list": ("GET", "", None),
    "show": ("GET", "/{id}", None),
    "edit": ("PATCH", "/{id}", {"name2": "愛子"}),
    "upgrade": ("POST", "/{id}/upgrade", {}),
    "claim link": ("POST", "/{id}/claim-link", None),
    "history": ("GET", "/{id}/history", None),
    "stats": ("GET", "/stats", None),
    "deactivate": ("DELETE", "/{id}", None),
    "export": ("GET", "/export", None),
}
TABLE = {row["call"]: row for row in read_table("customers.md", "Who may")}


async def call(client: httpx.AsyncClient, name: str, customer_id: str) -> int:
    method, path, body = CALLS[name]
    answer = await client.request(method, CUSTOMERS + path.format(id=customer_id), json=body)
    return answer.status_code


class TestAccess:
    async def test_the_table_names_every_call(self) -> None:
        assert TABLE.keys() == CALLS.keys()

    @pytest.mark.parametrize("role", STAFF)
    async def test_of_staff(self, desk: Desk, role: str) -> None:
        async with desk.staff(STAFF[role]) as client:
            for name, row in TABLE.items():
                made = await desk.make({"type": "guest"})
                assert (await call(client, name, made["id"]) != 403) == (row[role] == "yes"), name

    async def test_of_machines_goes_by_one_scope(self, desk: Desk) -> None:
        for name, row in TABLE.items():
            made = await desk.make({"type": "guest"})
            async with desk.machine(*(ALL_SCOPES - {row["scope"]})) as without:
                assert await call(without, name, made["id"]) == 403, name
            async with desk.machine(row["scope"]) as having:
                assert await call(having, name, made["id"]) != 403, name

    async def test_of_the_till_ends_before_numbers_and_addresses_that_others_wrote_down(
        self, desk: Desk
    ) -> None:
        made = await desk.make({**STUB, "email": "aiko@new.example"}, SUPPORT)
        async with desk.staff(TILL) as till, desk.staff(SUPPORT) as support:
            shown = [
                (await till.get(f"{CUSTOMERS}/{made['id']}")).json(),
                (await support.get(f"{CUSTOMERS}/{made['id']}")).json(),
            ]
        guest = await desk.make({"type": "guest", "phone": MOBILE}, SUPPORT)
        async with desk.staff(TILL) as till:
            body = {"type": "stub", "firstName": "Aiko"}
            raised = (await till.post(f"{CUSTOMERS}/{guest['id']}/upgrade", json=body)).json()

        assert [(one["phone"], one["email"]) for one in shown] == [
            ("+81••••••78", "a•••@new.example"),
            (MOBILE, "aiko@new.example"),
        ]
        assert (raised["type"], raised["phone"]) == ("stub", "+81••••••78")

    async def test_of_customers_ends_at_their_own_profile(self, desk: Desk) -> None:
        made = await desk.make({"type": "guest"})
        async with desk.portal.signed_in() as hana:
            own = (await hana.get("/api/auth/session")).json()["customerId"]
            for name, row in TABLE.items():
                may = row["customer"] == "own"
                assert (await call(hana, name, own) in (403, 404)) != may, name
                assert await call(hana, name, made["id"]) == (404 if may else 403), name
