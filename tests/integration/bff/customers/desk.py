"""The desk where customers are made and changed, and what its callers bring along."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

import httpx
import msgspec
from sqlalchemy import text

from bff.demo.people import DEMO_ORGS, DemoOrg
from bff.identity import Caller, CallerKind
from bff.identity.development import sign_token
from bff.otp import Purpose
from bff.otp.proofs import digest_proof, make_proof
from tests.fixtures.portal import ORIGIN, Portal, sign_in

CUSTOMERS = "/api/v1/customers"
DEMO, OMAN = DEMO_ORGS
TILL, SUPPORT, ADMIN = "pos@staff.example", "support@staff.example", "admin@staff.example"
OMANI_ADMIN = "admin@oman.example"
MOBILE, OTHER_MOBILE = "+819012345678", "+818098765432"
STUB = {"type": "stub", "firstName": "Aiko", "phone": "090-1234-5678"}
ALL_SCOPES = frozenset({"customers:read", "customers:write", "customers:admin"})

ADD_PROOF = text(
    "INSERT INTO one_time_codes (org_id, id, phone, block, country, purpose, actor, salt, digest, tries, sent_at,"
    " expires_at, ended_at, entered_at, proof_digest, proof_expires_at) VALUES (:org, :id, :phone, '+8190', 'JP',"
    " :purpose, 'machine:shop', '', '', 3, :at, :later, :at, :at, :digest, :later)"
)
ADD_OPERATOR_PHONE = text("INSERT INTO operator_phones VALUES (:org, :phone, 'Call centre')")
ADD_USER = text("INSERT INTO users (id, email) VALUES (:id, :email) ON CONFLICT DO NOTHING")
ADD_STAFF = text(
    "INSERT INTO staff (org_id, id, user_id, email, role) VALUES (:org, :id, :user, :email, 'admin')"
    " ON CONFLICT DO NOTHING"
)


class Desk(msgspec.Struct, frozen=True):
    portal: Portal

    @asynccontextmanager
    async def staff(self, email: str = ADMIN) -> AsyncIterator[httpx.AsyncClient]:
        async with self.portal.signed_in(email) as client:
            yield client

    @asynccontextmanager
    async def omani_admin(self) -> AsyncIterator[httpx.AsyncClient]:
        user_id = uuid4()
        async with self.portal.adapters.database.transaction(OMAN.id) as session:
            await session.execute(ADD_USER, {"id": user_id, "email": OMANI_ADMIN})
            values = {"org": OMAN.id, "id": uuid4(), "user": user_id, "email": OMANI_ADMIN}
            await session.execute(ADD_STAFF, values)
        async with self.portal.signed_in(OMANI_ADMIN) as client:
            yield client

    @asynccontextmanager
    async def person(self, email: str, org: str) -> AsyncIterator[httpx.AsyncClient]:
        """Signed in to that org."""
        async with self.portal.connect() as client:
            client.headers.update(await sign_in(client, email, org=org))
            yield client

    def machine(self, *scopes: str, org: DemoOrg = DEMO, client_id: str = "shop") -> httpx.AsyncClient:
        """With every scope when none is named."""
        caller = Caller(
            kind=CallerKind.MACHINE,
            org_id=org.id,
            org_slug=org.slug,
            region=org.region,
            locale=org.locale,
            client_id=client_id,
            scopes=frozenset(scopes) or ALL_SCOPES,
        )
        token = sign_token(self.portal.settings, self.portal.data_dir, caller)
        return self.portal.connect({"Authorization": f"Bearer {token}", "Origin": ORIGIN})

    async def create(self, body: Any, email: str = ADMIN, **headers: str) -> httpx.Response:
        async with self.staff(email) as client:
            return await client.post(CUSTOMERS, json=body, headers=headers)

    async def make(self, body: Any = STUB, email: str = ADMIN) -> Any:
        answer = await self.create(body, email)
        assert answer.status_code == 201, answer.text
        return answer.json()

    async def make_full(self, **fields: Any) -> Any:
        full = {
            "firstName": "Aiko",
            "lastName": "Tanaka",
            "phone": MOBILE,
            "email": "aiko@new.example",
        } | fields
        proof = await self.prove(full["phone"])
        return await self.make({"type": "full", "proof": proof, **full})

    async def prove(
        self, phone: str = MOBILE, purpose: Purpose = Purpose.VERIFICATION, *, org: DemoOrg = DEMO
    ) -> str:
        """What `verify-otp` answers to the right code."""
        code_id, at = uuid4(), datetime.now(UTC)
        proof = make_proof(bytes(32), code_id=code_id, org_id=org.id, purpose=purpose, phone=phone)
        values = {"org": org.id, "id": code_id, "phone": phone, "purpose": purpose, "at": at}
        values |= {"later": at + timedelta(minutes=5), "digest": digest_proof(proof)}
        async with self.portal.adapters.database.transaction(org.id) as session:
            await session.execute(ADD_PROOF, values)
        return proof

    async def unlink(self, customer_id: str, phone: str = MOBILE) -> None:
        """As the support desk does."""
        [link] = await self.list_rows(
            "SELECT id FROM phone_links WHERE customer_id = :id AND phone = :phone",
            id=customer_id,
            phone=phone,
        )
        async with self.staff(SUPPORT) as client:
            path = f"{CUSTOMERS}/{customer_id}/phone-links/{link['id']}"
            answer = await client.delete(path, params={"reason": "Changed hands"})
        assert answer.status_code == 204, answer.text

    async def add_operator_phone(self, phone: str) -> None:
        values = {"org": DEMO.id, "phone": phone}
        async with self.portal.adapters.database.transaction(DEMO.id) as session:
            await session.execute(ADD_OPERATOR_PHONE, values)

    async def list_rows(self, statement: str, *, org: DemoOrg = DEMO, **values: Any) -> list[dict[str, Any]]:
        async with self.portal.adapters.database.transaction(org.id) as session:
            return [dict(row._mapping) for row in await session.execute(text(statement), values)]

    async def find_user(self, customer_id: str | UUID, *, org: DemoOrg = DEMO) -> Any:
        """Of a customer: e-mail and whether they have registered; None when there is none."""
        rows = await self.list_rows(
            "SELECT u.email, u.registered_at IS NOT NULL AS is_registered FROM customers AS c"
            " JOIN users AS u ON u.id = c.user_id WHERE c.id = :id",
            org=org,
            id=customer_id,
        )
        return rows[0] if rows else None


def get_code(answer: httpx.Response) -> tuple[int, str]:
    return answer.status_code, answer.json()["code"]
