"""Customers who send documents all at once, as a process of their own, so that measuring costs them nothing."""

import asyncio
import os
import time
from collections import Counter
from pathlib import Path
from uuid import uuid4

import httpx
import msgspec
from PIL import Image
from sqlalchemy import text

from bff.db import Database
from bff.demo.people import DEMO_ORGS
from bff.identity import Caller
from bff.identity.caller import CallerKind
from bff.identity.development import sign_token
from bff.settings import Settings, read_settings
from bff.up.data_dir import DataDir
from sf_sync.client import Lane, SalesforceClient
from tests.documents import write

ORG = DEMO_ORGS[0]
SIZE = 10 * 1024 * 1024

INSERT_USER = text("INSERT INTO users (id, email) VALUES (:id, :email)")
INSERT_CUSTOMER = text(
    "INSERT INTO customers (org_id, id, user_id, kind, email, account_id)"
    " VALUES (:org, :id, :user, 'full', :email, :account)"
)


class Sent(msgspec.Struct, frozen=True):
    statuses: dict[int, int]
    seconds: float


def make_photo() -> bytes:
    """A little under 10 MiB, and as large again after it was rebuilt."""
    side, content = 3_000, b""
    while not 0.9 * SIZE < len(content) <= SIZE:
        content = write(Image.effect_noise((side, side), 80).convert("RGB"), "JPEG", quality=90)
        side = int(side * (0.95 * SIZE / len(content)) ** 0.5)
    return content


def prepare_customers(data_dir: Path, count: int) -> list[str]:
    """Bearer tokens of new customers, each with an account."""
    return asyncio.run(_prepare(data_dir.absolute(), count))


async def _prepare(data_dir: Path, count: int) -> list[str]:
    running = DataDir(data_dir).find_running()
    assert running is not None
    settings = read_settings({**os.environ, **running.environment})
    accounts = await _make_accounts(settings, count)
    database, tokens = Database(settings.database), []
    async with database.transaction(ORG.id) as session:
        for account_id in accounts:
            user_id = uuid4()
            email = f"{user_id.hex}@customer.example"
            await session.execute(INSERT_USER, {"id": user_id, "email": email})
            customer = {"org": ORG.id, "id": uuid4(), "user": user_id, "email": email, "account": account_id}
            await session.execute(INSERT_CUSTOMER, customer)
            caller = Caller(
                kind=CallerKind.CUSTOMER,
                org_id=ORG.id,
                org_slug=ORG.slug,
                region="JP",
                locale="en",
                user_id=user_id,
            )
            tokens.append(sign_token(settings, data_dir, caller))
    await database.close()
    return tokens


async def _make_accounts(settings: Settings, count: int) -> list[str]:
    client = SalesforceClient(settings.salesforce)
    await client.open()
    records = [{"attributes": {"type": "Account"}, "Name": f"Sender {number}"} for number in range(count)]
    answer = await client.request(
        "POST", "composite/sobjects", json={"records": records}, lane=Lane.BACKGROUND, idempotent=False
    )
    await client.close()
    return [row["id"] for row in answer.body]


def send_all(port: int, tokens: list[str], content: bytes) -> Sent:
    """Everybody at once; runs in a process of its own."""
    return asyncio.run(_send_all(port, tokens, content))


async def _send_all(port: int, tokens: list[str], content: bytes) -> Sent:
    limits = httpx.Limits(max_connections=len(tokens))
    async with httpx.AsyncClient(base_url=f"http://localhost:{port}", timeout=300, limits=limits) as client:

        async def send(token: str) -> int:
            headers = {"Authorization": f"Bearer {token}"}
            files = {"file": ("card.jpg", content, "image/jpeg")}
            return (await client.post("/api/verification/id", files=files, headers=headers)).status_code

        began = time.perf_counter()
        statuses = Counter(await asyncio.gather(*map(send, tokens)))
    return Sent(dict(statuses), time.perf_counter() - began)
