"""A document lies nowhere in clear, and nowhere at all once Salesforce has it or it was refused."""

import base64
from collections.abc import Iterable
from typing import Any

import httpx
import msgspec
import psycopg
import pytest
import redis.asyncio
from sqlalchemy import text

from tests.documents import make_jpeg
from tests.faults.test_document_kills import ORG, TRACES, Site, site
from tests.fixtures.portal import HANA, sign_in
from tests.fixtures.postgres import TestDatabase
from tests.fixtures.web import Server

__all__ = ["site"]

pytestmark = [pytest.mark.fault, pytest.mark.asyncio, pytest.mark.timeout(300)]

SARA = "sara@customer.example"
JPEG, DAMAGED = make_jpeg((900, 600)), make_jpeg((910, 600))[:9_000]
NAME = "canary-card-of-hana.jpg"
SLICE, SLICES = 24, 40
LIST_TABLES = """
SELECT c.oid::regclass::text FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
WHERE c.relkind IN ('r', 't') AND n.nspname IN ('public', 'pg_toast') AND c.oid >= 16384
"""
LIST_VACUUM_OPTIONS = """
SELECT CASE relkind WHEN 't' THEN 'toast' ELSE relname END, reloptions FROM pg_class
WHERE relname IN ('document_outbox', 'document_parts')
    OR oid = (SELECT reltoastrelid FROM pg_class WHERE relname = 'document_parts')
"""
READ_BLOCKS = "SELECT pg_read_binary_file(pg_relation_filepath(%(name)s::regclass))"


def cut(content: bytes) -> list[bytes]:
    """Slices from all over a document, none of which anything else has by chance."""
    step = len(content) // (SLICES + 1)
    slices = [content[at : at + SLICE] for at in range(step, len(content) - SLICE, step)]
    return [each for each in slices if len(set(each)) > SLICE // 2]


def spell(part: bytes) -> set[bytes]:
    """As bytes, as PostgreSQL and logs write bytes, and in base64 wherever it may begin."""
    encoded = {base64.b64encode(part[shift:])[4:-8] for shift in range(3)}
    return {part, part.hex().encode(), repr(part)[2:-1].encode(), *encoded}


def find_places(needles: Iterable[bytes], hay: dict[str, bytes]) -> set[str]:
    spelt = [spelling for needle in needles for spelling in spell(needle)]
    return {place for place, content in hay.items() if any(one in content for one in spelt)}


class Search(msgspec.Struct, frozen=True):
    """Everything that the product writes to."""

    site: Site
    database: TestDatabase
    redis_url: str

    async def gather(self, log: bytes = b"") -> dict[str, bytes]:
        return {"log": log, "Redis": await self._dump_redis(), **self._read_files(), **self._dump_tables()}

    def vacuum(self) -> None:
        """As PostgreSQL's launcher would within a minute or two: of these tables one dead row is enough for it."""
        with psycopg.connect(self.database.superuser_url, autocommit=True) as superuser:
            options = dict(superuser.execute(LIST_VACUUM_OPTIONS).fetchall())
            soon = ["autovacuum_vacuum_threshold=0", "autovacuum_vacuum_scale_factor=0"]
            assert options == dict.fromkeys(("document_outbox", "document_parts", "toast"), soon)
            superuser.execute("VACUUM document_outbox, document_parts")

    async def _dump_redis(self) -> bytes:
        client = redis.asyncio.Redis.from_url(self.redis_url)
        async with client:
            return b"\n".join(
                [key + b" " + await self._dump_key(client, key) async for key in client.scan_iter()]
            )

    async def _dump_key(self, client: Any, key: bytes) -> bytes:
        match await client.type(key):
            case b"string":
                found: Any = await client.get(key)
            case b"hash":
                found = b" ".join([part for pair in (await client.hgetall(key)).items() for part in pair])
            case b"set":
                found = b" ".join(await client.smembers(key))
            case b"zset":
                found = b" ".join(await client.zrange(key, 0, -1))
            case _:
                found = b""
        return bytes(found or b"")

    def _read_files(self) -> dict[str, bytes]:
        return {str(path): path.read_bytes() for path in self.site.scratch.rglob("*") if path.is_file()}

    def _dump_tables(self) -> dict[str, bytes]:
        """Every row, and every block of the files that PostgreSQL keeps rows in, with what it has not cleared yet."""
        with psycopg.connect(self.database.superuser_url, autocommit=True) as superuser:
            superuser.execute("CHECKPOINT")
            return {name: self._dump_table(superuser, name) for (name,) in superuser.execute(LIST_TABLES)}

    def _dump_table(self, superuser: psycopg.Connection[Any], name: str) -> bytes:
        blocks = superuser.execute(READ_BLOCKS, {"name": name}).fetchall()
        rows = [] if name.startswith("pg_toast") else superuser.execute(f"SELECT t::text FROM {name} t")  # type: ignore[call-overload]
        return b"".join(row[0] for row in blocks) + "\n".join(row[0] for row in rows).encode()


async def upload(server: Server, email: str, content: bytes) -> int:
    async with httpx.AsyncClient(base_url=server.url, timeout=30) as client:
        headers = {**await sign_in(client, email), "Origin": server.url}
        files = {"file": (NAME, content, "image/jpeg")}
        return (await client.post("/api/verification/id", files=files, headers=headers)).status_code


@pytest.fixture
def search(site: Site, test_database: TestDatabase, redis_url: str) -> Search:
    site.environ["LOG_LEVEL"] = "debug"
    return Search(site, test_database, redis_url)


class TestTraces:
    async def test_of_a_document_are_unreadable_while_it_waits_and_gone_when_it_is_delivered(
        self, site: Site, search: Search
    ) -> None:
        site.emulator.emulator.faults.change({"unavailable": True})
        async with site.start("never") as server:
            assert await upload(server, HANA, JPEG) == 202
            sealed, waiting = await read_sealed(site), await search.gather()
            site.emulator.emulator.faults.reset()
            await site.deliver()
            search.vacuum()
            delivered = await search.gather(log=await server.stop())
        stored = read_stored(site)

        assert find_places(cut(sealed), waiting) >= {"document_parts"}
        assert find_places(cut(sealed), delivered) == set()
        assert find_places([*cut(JPEG), *cut(stored)], waiting | delivered) == set()
        assert find_places([NAME.encode()], {"log": delivered["log"]}) == set()
        assert await count_rows(site) == {"document_outbox": 0, "document_parts": 0}

    async def test_of_a_refused_one_are_nowhere_at_once(self, site: Site, search: Search) -> None:
        async with site.start("never") as server:
            assert await upload(server, HANA, DAMAGED) == 422
            assert await upload(server, SARA, JPEG) == 409
            found = await search.gather(log=await server.stop())

        assert find_places([*cut(DAMAGED), *cut(JPEG), NAME.encode()], found) == set()
        assert await site.count_traces() == dict.fromkeys(TRACES, 0)


async def read_sealed(site: Site) -> bytes:
    async with site.adapters.database.transaction(ORG) as session:
        return bytes((await session.execute(text("SELECT ciphertext FROM document_parts"))).scalar_one())


def read_stored(site: Site) -> bytes:
    org = site.emulator.emulator.org
    version = max(org.select("ContentVersion"), key=lambda row: row["CreatedDate"])
    return bytes(org.blobs.read(version["VersionData"]))


async def count_rows(site: Site) -> dict[str, int]:
    async with site.adapters.database.transaction(ORG) as session:
        return {
            table: (await session.execute(text(f"SELECT count(*) FROM {table}"))).scalar_one()
            for table in ("document_outbox", "document_parts")
        }
