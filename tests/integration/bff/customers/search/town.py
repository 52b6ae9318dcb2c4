"""Customers with names and numbers, and staff who look for them."""

from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

import httpx
import msgspec
from sqlalchemy import text

from bff.demo.people import DEMO_ORGS
from bff.phones import LinkOutcome, LinkSource, link_phone
from tests.fixtures.portal import Portal

SEARCH = "/api/v1/customers/search"
SUPPORT, TILL, ADMIN = "support@staff.example", "pos@staff.example", "admin@staff.example"
NOON = datetime(2026, 1, 5, 12, 0, tzinfo=UTC)
HOUR = timedelta(hours=1)
ADD = text(
    "INSERT INTO customers (org_id, id, kind, first_name, last_name, name2, email, email_verified_at)"
    " VALUES (:org, :id, 'stub', :first_name, :last_name, :name2, :email, :email_verified_at)"
)


class Town(msgspec.Struct, frozen=True):
    portal: Portal
    org_id: UUID = DEMO_ORGS[0].id

    async def add(self, first_name: str | None = None, last_name: str | None = None, **values: Any) -> UUID:
        """A customer of the town's org, or of `org_id`."""
        org_id, customer_id = values.pop("org_id", self.org_id), uuid4()
        row: dict[str, Any] = {"name2": None, "email": None, "email_verified_at": None} | values
        row |= {"org": org_id, "id": customer_id, "first_name": first_name, "last_name": last_name}
        async with self.portal.adapters.database.transaction(org_id) as session:
            await session.execute(ADD, row)
        return customer_id

    async def see(
        self, customer_id: UUID, phone: str, *, at: datetime = NOON, verified: bool = False, **values: Any
    ) -> LinkOutcome:
        """The customer using this number."""
        org_id = values.get("org_id", self.org_id)
        source = LinkSource.CODE_VERIFIED if verified else values.get("source", LinkSource.ORDER)
        async with self.portal.adapters.database.transaction(org_id) as session:
            return await link_phone(
                session,
                org_id=org_id,
                phone=phone,
                customer_id=customer_id,
                source=source,
                verified=verified,
                at=at,
            )

    async def search(self, staff: str = SUPPORT, **params: Any) -> httpx.Response:
        async with self.portal.signed_in(staff) as client:
            return await client.get(SEARCH, params={"purpose": "Caller asks for a bill", **params})

    async def find(self, staff: str = SUPPORT, **params: Any) -> list[dict[str, Any]]:
        answer = await self.search(staff, **params)
        assert answer.status_code == 200, answer.text
        items: list[dict[str, Any]] = answer.json()["items"]
        return items

    async def find_all(self, **params: Any) -> list[str]:
        """The ids of every page, in order."""
        found: list[str] = []
        cursor: dict[str, str] = {}
        async with self.portal.signed_in(SUPPORT) as client:
            while True:
                answer = await client.get(SEARCH, params={"purpose": "Paging", **params, **cursor})
                assert answer.status_code == 200, answer.text
                body = answer.json()
                found += [item["id"] for item in body["items"]]
                if body["nextCursor"] is None:
                    return found
                cursor = {"cursor": body["nextCursor"]}

    async def list_audit(self, action: str) -> list[dict[str, Any]]:
        statement = text("SELECT actor, subject, detail FROM audit WHERE action = :action ORDER BY subject")
        async with self.portal.adapters.database.transaction(self.org_id) as session:
            rows = await session.execute(statement, {"action": action})
            return [dict(row._mapping) for row in rows]
