"""A migration's engines without the rest of the product, and a bare loop that sends the same calls without it."""

import asyncio
import base64
import os
import subprocess
import sys
import time
import urllib.request
from collections.abc import AsyncIterator, Iterator, Sequence
from contextlib import asynccontextmanager, contextmanager
from pathlib import Path
from uuid import uuid4

import httpx
from PIL import Image
from sqlalchemy import text

from bff.adapters import Adapters, make_adapters, opened
from bff.demo.people import DEMO_ORGS
from bff.demo.seed import seed_demo
from bff.engines.ports import choose_free_port
from bff.engines.valkey import Valkey
from bff.migration.demo_data import make_accounts, make_unique
from bff.migration.phases import Phase
from bff.migration.rules import plan_move
from bff.settings import Settings, read_settings
from sf_sync.client import Lane
from sf_sync.client.bodies import StreamedBody, encode_body
from sf_sync.client.wire import format_composite
from sf_sync.objects.document import DocumentFile
from sf_sync.objects.document_transfer import TransferDocument, plan_transfer
from tests.documents import write
from tests.fixtures.postgres_server import TEMPLATE, PostgresServer, start_postgres

ORG_ID = DEMO_ORGS[0].id
READY_S = 30.0
SET_PHASE = text("UPDATE migrations SET phase = :phase, changed_at = changed_at - interval '1 minute'")


@contextmanager
def open_engines(folder: Path) -> Iterator[Settings]:
    """PostgreSQL, Valkey and an emulator that keeps its data, each a process of its own."""
    postgres, valkey = start_postgres(folder / "postgres"), Valkey(folder / "valkey", lasting=False)
    valkey.start()
    port = choose_free_port()
    command = [sys.executable, "-m", "bff", "emulator", "--port", str(port)]
    command += ["--pubsub-port", str(choose_free_port()), "--data-dir", str(folder / "data")]
    emulator = subprocess.Popen(
        command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, env=os.environ | {"LOG_LEVEL": "error"}
    )
    try:
        server = PostgresServer.of(postgres)
        wait_until_healthy(port)
        yield make_settings(f"{server.login}{TEMPLATE}", valkey.url(), f"http://127.0.0.1:{port}")
    finally:
        # Nobody needs what it would still write to its folder.
        emulator.kill()
        emulator.wait()
        valkey.stop()
        postgres.remove()


def wait_until_healthy(port: int) -> None:
    deadline = time.monotonic() + READY_S
    while time.monotonic() < deadline:
        try:
            with urllib.request.urlopen(f"http://127.0.0.1:{port}/emulator/health", timeout=2):
                return
        except OSError:
            time.sleep(0.1)
    raise TimeoutError("the emulator does not answer")


def make_settings(database_url: str, redis_url: str, salesforce_url: str) -> Settings:
    return read_settings(make_environ(database_url, redis_url, salesforce_url))


def make_environ(database_url: str, redis_url: str, salesforce_url: str) -> dict[str, str]:
    return {
        "BFF_ENV": "development",
        "BFF_SECRET_KEY": "only-for-benchmarks-" + "0" * 32,
        "BFF_DOCUMENT_KEYS": "bench:" + base64.b64encode(bytes(32)).decode(),
        "DATABASE_URL": database_url,
        "REDIS_URL": redis_url,
        "SALESFORCE_URL": salesforce_url,
        "SALESFORCE_CLIENT_ID": "portal-bff",
        "SALESFORCE_CLIENT_SECRET": "local-development-only",
    }


@asynccontextmanager
async def open_adapters(settings: Settings) -> AsyncIterator[Adapters]:
    async with opened(make_adapters(settings)) as adapters:
        await seed_demo(adapters.database, adapters.salesforce)
        yield adapters


async def go_to(adapters: Adapters, phase: Phase) -> None:
    async with adapters.database.transaction(ORG_ID) as session:
        await session.execute(SET_PHASE, {"phase": phase})


def make_photos() -> list[bytes]:
    """Some 280 kB each, as an upload form leaves what a phone's camera took."""
    shades = (Image.effect_noise((720, 720), 60 + shade).convert("L") for shade in range(6))
    return [write(picture, "JPEG", quality=75) for picture in shades]


async def measure_bare_loop(adapters: Adapters, count: int, at_once: int, pictures: Sequence[bytes]) -> float:
    """Calls a second of the very composites that a move sends, made beforehand: no table, no outbox, no rules, no
    client of ours; `at_once` in flight.
    """
    bodies = await make_bodies(adapters, count, pictures)
    token, _, _ = await adapters.client.access_token()
    headers = {"Authorization": f"Bearer {token}", "Content-Type": "application/json"}
    address = f"{adapters.client.settings.url}{adapters.client.settings.data_path}/composite"
    waiting = iter(bodies)
    async with httpx.AsyncClient(timeout=60, headers=headers) as client:

        async def send() -> None:
            for body in waiting:
                answer = await client.post(address, content=body)
                assert all(step["httpStatusCode"] < 300 for step in answer.json()["compositeResponse"]), (
                    answer.text
                )

        began = time.perf_counter()
        await asyncio.gather(*(send() for _ in range(at_once)))
        return count / (time.perf_counter() - began)


async def make_bodies(adapters: Adapters, count: int, pictures: Sequence[bytes]) -> list[bytes]:
    settings = adapters.client.settings
    account_ids = await make_accounts(adapters, count)
    accounts = await adapters.salesforce.read_accounts(account_ids, lane=Lane.BACKGROUND, timeout_s=30)
    samples = await adapters.legacy.list_page(ORG_ID, after=None, limit=count)
    bodies = []
    for number, account_id in enumerate(account_ids):
        account, upload_id = accounts[account_id], uuid4()
        plan = plan_move(samples[number % len(samples)], account)
        assert account is not None
        content = make_unique(pictures[number % len(pictures)], upload_id.bytes)
        command = TransferDocument(
            file=DocumentFile(upload_id=upload_id, file_name=f"{upload_id}.jpg", content=content),
            expected=account,
            place=plan.place,  # type: ignore[union-attr]
            judgement=plan.judgement,  # type: ignore[union-attr]
        )
        steps = plan_transfer(command, names=settings.account_fields)
        body = encode_body(format_composite(steps, all_or_none=True, data_path=settings.data_path))
        assert isinstance(body, StreamedBody)
        bodies.append(b"".join([part async for part in body.stream()]))
    return bodies


def read_rss_mib() -> float:
    lines = Path("/proc/self/status").read_text().splitlines()
    return int(next(line.split()[1] for line in lines if line.startswith("VmRSS"))) / 1024
