"""Every route of the app, asked for one's own, another customer's, another org's, a missing and a malformed thing."""

import re
import sys
from collections.abc import AsyncIterator, Iterator
from typing import Any
from uuid import uuid4

import httpx
import msgspec
import pytest
import pytest_asyncio
from litestar import Litestar

from tests.fixtures.portal import Portal
from tests.integration.bff.customers.desk import OMAN, Desk
from tests.integration.bff.identity.test_routes import list_routes
from tests.integration.isolation.fillings import (
    BODIES,
    ENDLESS,
    MALFORMED,
    NAMED_IN_BODY,
    NAMES,
    NOBODYS,
    PARAMS,
    QUERIES,
)
from tests.integration.isolation.world import Holdings, World, build_world

pytestmark = pytest.mark.asyncio

Told = tuple[int, bytes]


@pytest_asyncio.fixture
async def world(portal: Portal) -> AsyncIterator[World]:
    async with build_world(Desk(portal)) as built:
        yield built


class Asking(msgspec.Struct, frozen=True):
    """One route with a place for ids in its path."""

    method: str
    template: str

    @property
    def names(self) -> list[str]:
        return re.findall(r"{(\w+)}", self.template)

    async def ask(self, client: httpx.AsyncClient, ids: dict[str, str]) -> Told:
        path = self.template.format(**{name: ids.get(name, str(uuid4())) for name in self.names})
        key = (self.method, self.template)
        answer = await client.request(self.method, path, json=BODIES.get(key), params=PARAMS.get(key))
        return answer.status_code, answer.content


def list_askings(app: Litestar) -> list[Asking]:
    """Deletions last and the deepest first, so that each finds its thing still there."""
    found = [
        Asking(method, path) for method, path, _ in list_routes(app) if "{" in path and path not in NOBODYS
    ]
    return sorted(found, key=lambda asking: (asking.method == "DELETE", -asking.template.count("/")))


def list_plain(app: Litestar) -> list[str]:
    """Paths without a parameter that can be read."""
    return sorted(
        {
            path
            for method, path, _ in list_routes(app)
            if method == "GET" and "{" not in path and path not in ENDLESS
        }
    )


def mix(asking: Asking, own: Holdings, stranger: Holdings) -> Iterator[dict[str, str]]:
    """All ids a stranger's, and each one alone beside the caller's own."""
    yield stranger.ids
    if len(asking.names) > 1:
        for name in asking.names:
            yield own.ids | {name: stranger.ids[name]}


def find_marks(body: bytes, strangers: tuple[Holdings, ...]) -> list[str]:
    return [mark for stranger in strangers for mark in stranger.marks if mark.encode() in body]


async def photograph(world: World) -> dict[str, list[str]]:
    """Everything that the other org has in any table, so that a write there shows."""
    tables = await world.desk.list_rows(
        "SELECT c.relname FROM pg_class c JOIN pg_attribute a ON a.attrelid = c.oid"
        " WHERE a.attname = 'org_id' AND c.relkind IN ('r', 'p') AND c.relnamespace = 'public'::regnamespace"
    )
    return {
        table["relname"]: [
            row["line"]
            for row in await world.desk.list_rows(
                f"SELECT t::text AS line FROM {table['relname']} AS t ORDER BY 1", org=OMAN
            )
        ]
        for table in tables
    }


class TestThingsOfOthers:
    async def test_are_as_if_they_were_not_there(self, world: World) -> None:
        before = await photograph(world)
        askings, asked = list_askings(world.desk.portal.app), 0
        for asking in askings:
            for viewer, client in world.viewers.items():
                missing = await asking.ask(client, {})
                for stranger in world.strangers[viewer]:
                    for ids in mix(asking, world.own, stranger):
                        assert await asking.ask(client, ids) == missing, (asking, viewer)
                        asked += 1
                assert missing[0] in (403, 404), (asking, viewer, missing)

        sys.stderr.write(f"\n{asked} requests to {len(askings)} routes, {len(before)} tables watched\n")
        assert await photograph(world) == before
        assert len(askings) >= 15
        assert sum(bool(rows) for rows in before.values()) >= 6
        assert asked >= 4 * len(askings)

    async def test_of_another_customer_are_not_reached_through_ones_own(self, world: World) -> None:
        """An address or a number of one customer, under the id of another of the same org."""
        for asking in list_askings(world.desk.portal.app):
            if len(asking.names) < 2:
                continue
            inner = asking.names[-1]
            for viewer, client in world.viewers.items():
                missing = await asking.ask(client, {"customer_id": world.own.ids["customer_id"]})
                crossed = await asking.ask(client, world.own.ids | {inner: world.neighbour.ids[inner]})
                assert crossed == missing, (asking, viewer)

    async def test_are_named_in_no_answer(self, world: World) -> None:
        told: dict[tuple[str, str], list[str]] = {}
        for path in list_plain(world.desk.portal.app):
            for viewer, client in world.viewers.items():
                answer = await client.get(
                    path, params={"name": "mark", "purpose": "look"} if "search" in path else None
                )
                told[path, viewer] = find_marks(answer.content, world.strangers[viewer])

        sys.stderr.write(f"\n{len(told)} lists, pages and downloads read\n")
        assert {place: marks for place, marks in told.items() if marks} == {}
        assert len(told) > 60

    async def test_cannot_be_asked_for_by_query(self, world: World) -> None:
        for (method, path, param), name in QUERIES.items():
            for viewer, client in world.viewers.items():
                ids = [
                    *(stranger.ids[name] for stranger in world.strangers[viewer]),
                    "001000000000001AAA" if name == "account_id" else str(uuid4()),
                ]
                answers = [await client.request(method, path, params={param: value}) for value in ids]
                told = {(answer.status_code, answer.content) for answer in answers}
                assert len(told) == 1, (path, param, viewer)

    async def test_cannot_be_named_in_a_body(self, world: World) -> None:
        for (method, path, field), (name, rest) in NAMED_IN_BODY.items():
            for viewer, client in world.viewers.items():
                ids = [stranger.ids[name] for stranger in world.strangers[viewer]]
                missing = "001000000000001AAA" if name == "account_id" else str(uuid4())
                answers = [
                    await client.request(method, path, json={**rest, field: value})
                    for value in (*ids, missing)
                ]
                assert len({(answer.status_code, answer.content) for answer in answers}) == 1, (path, viewer)
                assert answers[0].status_code in (403, 404)


class TestOwnThings:
    async def test_are_found_by_the_same_requests(self, world: World) -> None:
        """Without this the tests above would pass by asking wrongly."""
        reached: dict[Asking, set[str]] = {}
        for asking in list_askings(world.desk.portal.app):
            reached[asking] = {
                viewer
                for viewer, client in world.viewers.items()
                if (await asking.ask(client, world.own.ids))[0] not in (400, 403, 404)
            }

        assert [asking for asking, viewers in reached.items() if not viewers] == []


class TestMalformedIds:
    async def test_are_one_answer(self, world: World) -> None:
        for asking in list_askings(world.desk.portal.app):
            for viewer, client in world.viewers.items():
                told = {
                    await asking.ask(client, dict.fromkeys(asking.names, malformed))
                    for malformed in MALFORMED
                }
                assert len(told) == 1, (asking, viewer, told)
                assert next(iter(told))[0] == 404, (asking, viewer)


class TestTable:
    async def test_knows_every_id_of_every_path(self, portal: Portal) -> None:
        askings = list_askings(portal.app)
        unknown = {(a.template, name) for a in askings for name in a.names if name not in NAMES}
        bodiless = {
            (a.method, a.template)
            for a in askings
            if a.method in ("POST", "PUT", "PATCH") and (a.method, a.template) not in BODIES
        }

        assert (unknown, bodiless) == (set(), set())

    async def test_knows_every_id_of_every_query_and_body(self, portal: Portal) -> None:
        async with portal.connect() as client:
            document = (await client.get("/schema/openapi.json")).json()
        known = {*QUERIES, *NAMED_IN_BODY}

        assert {place for place in find_ids(document) if place not in known} == set()


def find_ids(document: dict[str, Any]) -> Iterator[tuple[str, str, str]]:
    """Parameters of queries and fields of bodies whose name says that they are an id."""
    for path, operations in document["paths"].items():
        for method, operation in operations.items():
            for parameter in operation.get("parameters", ()):
                if parameter["in"] == "query" and parameter["name"].endswith("Id"):
                    yield method.upper(), path, parameter["name"]
            content = operation.get("requestBody", {}).get("content", {})
            for schema in (media.get("schema", {}) for media in content.values()):
                for one in schema.get("oneOf", [schema]):
                    name = one.get("$ref", "").rpartition("/")[2]
                    fields = document["components"]["schemas"].get(name, {}).get("properties", {})
                    yield from ((method.upper(), path, field) for field in fields if field.endswith("Id"))


class TestMarks:
    async def test_are_found_where_they_leak(self, world: World) -> None:
        """The other org's own admin sees what nobody else may: the marks are where they should be."""
        async with world.desk.omani_admin() as there:
            listed = await there.get("/api/v1/customers")
            one = await there.get(f"/api/v1/customers/{world.foreign.ids['customer_id']}")

        assert find_marks(listed.content, (world.foreign,)) != []
        assert "salma-mark" in find_marks(one.content, (world.foreign,))
