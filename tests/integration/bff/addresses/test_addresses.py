"""A customer's addresses over HTTP: who reaches them, what a change does, and that there is always one default."""

import asyncio
from typing import Any
from uuid import UUID, uuid4

import httpx
import pytest
from sqlalchemy import text

from bff.addresses.changes import MOST_ADDRESSES
from bff.demo.people import DEMO_ORGS, DEMO_PEOPLE
from bff.identity import Caller, CallerKind
from bff.identity.development import sign_token
from sf_sync.accounts import get_account_topic
from tests.fixtures.portal import Portal
from tests.integration.bff.scene import STATUS, Scene, make_email
from tests.tables import read_table

pytestmark = pytest.mark.asyncio

SUPPORT = "support@staff.example"
UMEDA = {"type": "work", "street": "3-1-1 Umeda", "city": "Osaka", "latitude": 34.7, "longitude": 135.49}
NOWHERE = "00000000-0000-4000-8000-000000000000"


def find_customer_id(name: str) -> UUID:
    return next(person.customer_id for person in DEMO_PEOPLE if person.email == make_email(name))


def path_of(name: str, address_id: str | None = None) -> str:
    base = f"/api/v1/customers/{find_customer_id(name)}/addresses"
    return f"{base}/{address_id}" if address_id else base


async def add(client: httpx.AsyncClient, name: str, **changes: Any) -> dict[str, Any]:
    answer = await client.post(path_of(name), json=UMEDA | changes)
    assert answer.status_code == 201, answer.text
    added: dict[str, Any] = answer.json()
    return added


async def list_items(client: httpx.AsyncClient, name: str, **query: Any) -> list[dict[str, Any]]:
    items: list[dict[str, Any]] = (await client.get(path_of(name), params=query)).json()["items"]
    return items


def make_machine(portal: Portal, scope: str) -> dict[str, str]:
    caller = Caller(
        kind=CallerKind.MACHINE,
        org_id=DEMO_ORGS[0].id,
        org_slug="demo",
        region="JP",
        locale="en",
        client_id="shop",
        scopes=frozenset({scope}),
    )
    return {"Authorization": f"Bearer {sign_token(portal.settings, portal.data_dir, caller)}"}


class TestAdding:
    async def test_makes_the_first_one_the_default(self, scene: Scene) -> None:
        async with scene.portal.signed_in(make_email("noor")) as noor:
            first = await add(noor, "noor", isDefault=False, building="  Court ")
            second = await add(noor, "noor", street="2")

        assert (first["isDefault"], second["isDefault"]) == (True, False)
        assert (first["building"], first["country"], first["distance"]) == ("Court", "JP", None)

    async def test_moves_the_default_when_asked(self, scene: Scene) -> None:
        async with scene.portal.signed_in(SUPPORT) as support:
            added = await add(support, "hana", isDefault=True)
            items = await list_items(support, "hana")

        assert [item["id"] for item in items if item["isDefault"]] == [added["id"]] == [items[0]["id"]]

    async def test_of_the_first_one_is_seen_by_the_eligibility_page_at_once(self, scene: Scene) -> None:
        async with scene.portal.signed_in(make_email("noor")) as noor:
            before = (await noor.get(STATUS)).json()["nextAction"]["code"]
            added = await add(noor, "noor")
            after = (await noor.get(STATUS)).json()["nextAction"]["code"]
            await noor.delete(path_of("noor", added["id"]))
            gone = (await noor.get(STATUS)).json()["nextAction"]["code"]

        assert (before, after, gone) == ("add_address", "request_review", "add_address")

    async def test_wakes_the_open_pages_of_the_account(self, scene: Scene) -> None:
        topic = get_account_topic(scene.find_account("noor")["Id"])
        async with (
            asyncio.timeout(5),
            scene.portal.signed_in(make_email("noor")) as noor,
            scene.portal.adapters.broadcast.listen(topic) as listener,
        ):
            await add(noor, "noor")
            async for notice in listener:
                if notice.kind == "changed":
                    break

    async def test_again_under_the_same_key_adds_nothing(self, scene: Scene) -> None:
        async with scene.portal.signed_in(SUPPORT) as support:
            headers = {"Idempotency-Key": "one"}
            answers = [await support.post(path_of("hana"), json=UMEDA, headers=headers) for _ in range(2)]
            other = await support.post(path_of("hana"), json=UMEDA | {"floor": "1"}, headers=headers)
            items = await list_items(support, "hana")

        assert answers[0].json() == answers[1].json()
        assert other.json()["code"] == "idempotency_key_reused"
        assert len(items) == 2

    @pytest.mark.parametrize(
        ("changes", "status", "code"),
        [
            ({"latitude": 90.1}, 400, "invalid_request"),
            ({"longitude": -180.5}, 400, "invalid_request"),
            ({"longitude": None}, 422, "point_incomplete"),
            ({"street": "  "}, 400, "invalid_request"),
            ({"city": None}, 400, "invalid_request"),
            ({"type": "castle"}, 400, "invalid_request"),
            ({"country": "jp"}, 400, "invalid_request"),
            ({"id": NOWHERE}, 400, "invalid_request"),
            ({"orgId": NOWHERE}, 400, "invalid_request"),
        ],
    )
    async def test_is_refused(self, scene: Scene, changes: Any, status: int, code: str) -> None:
        async with scene.portal.signed_in(SUPPORT) as support:
            answer = await support.post(path_of("hana"), json=UMEDA | changes)

            assert (answer.status_code, answer.json()["code"]) == (status, code)
            assert len(await list_items(support, "hana")) == 1

    async def test_ends_where_a_list_would_grow_too_long(self, scene: Scene) -> None:
        async with scene.portal.signed_in(SUPPORT) as support:
            for number in range(MOST_ADDRESSES - 1):
                await add(support, "hana", street=str(number + 1))
            answer = await support.post(path_of("hana"), json=UMEDA)

        assert (answer.status_code, answer.json()["code"]) == (409, "too_many_addresses")


class TestChanging:
    async def test_tells_what_is_left_out_from_null(self, scene: Scene) -> None:
        async with scene.portal.signed_in(SUPPORT) as support:
            added = await add(support, "hana", building="Court", floor="3", deliveryNotes="Ring twice")
            change = {"building": None, "floor": " 4 ", "latitude": None, "longitude": None}
            changed = (await support.patch(path_of("hana", added["id"]), json=change)).json()

        assert changed == added | {"building": None, "floor": "4", "latitude": None, "longitude": None}

    async def test_moves_the_default_and_never_just_ends_it(self, scene: Scene) -> None:
        async with scene.portal.signed_in(SUPPORT) as support:
            added = await add(support, "hana")
            path = path_of("hana", added["id"])
            moved = await support.patch(path, json={"isDefault": True})
            refused = await support.patch(path, json={"isDefault": False})
            items = await list_items(support, "hana")

        assert moved.json()["isDefault"] is True
        assert (refused.status_code, refused.json()["code"]) == (409, "default_required")
        assert [item["id"] for item in items if item["isDefault"]] == [added["id"]]

    @pytest.mark.parametrize(
        ("change", "status"),
        [
            ({"latitude": 1}, 200),
            ({"latitude": None}, 422),
            ({"street": None}, 400),
            ({"isDefault": None}, 400),
            ({"createdAt": "2026-01-01T00:00:00Z"}, 400),
        ],
    )
    async def test_is_checked_against_what_stays(self, scene: Scene, change: Any, status: int) -> None:
        async with scene.portal.signed_in(SUPPORT) as support:
            added = await add(support, "hana")
            answer = await support.patch(path_of("hana", added["id"]), json=change)

        assert answer.status_code == status


class TestRemoving:
    async def test_chooses_the_next_default_by_the_rule(self, scene: Scene) -> None:
        async with scene.portal.signed_in(SUPPORT) as support:
            [first] = await list_items(support, "hana")
            work = await add(support, "hana", type="work")
            home = await add(support, "hana", type="home")
            await add(support, "hana", type="other")
            removed = await support.delete(path_of("hana", first["id"]))
            defaults = [item["id"] for item in await list_items(support, "hana") if item["isDefault"]]
            await support.delete(path_of("hana", work["id"]))
            still = [item["id"] for item in await list_items(support, "hana") if item["isDefault"]]

        assert removed.status_code == 204
        assert defaults == still == [home["id"]]

    async def test_may_leave_none(self, scene: Scene) -> None:
        async with scene.portal.signed_in(SUPPORT) as support:
            [first] = await list_items(support, "hana")
            await support.delete(path_of("hana", first["id"]))
            again = await support.delete(path_of("hana", first["id"]))

            assert await list_items(support, "hana") == []
            assert again.status_code == 404


class TestNear:
    async def test_gives_metres_and_the_nearest_first(self, scene: Scene) -> None:
        async with scene.portal.signed_in(SUPPORT) as support:
            far = await add(support, "hana", latitude=35.68, longitude=139.77)
            close = await add(support, "hana", latitude=34.71, longitude=135.5)
            items = await list_items(support, "hana", near="34.7,135.5")

        assert [item["id"] for item in items[:2]] == [close["id"], far["id"]]
        assert items[0]["distance"] == 1112
        assert items[-1]["distance"] is None

    @pytest.mark.parametrize("near", ["here", "91,0", "0;0"])
    async def test_needs_a_point(self, scene: Scene, near: str) -> None:
        async with scene.portal.signed_in(SUPPORT) as support:
            answer = await support.get(path_of("hana"), params={"near": near})

        assert (answer.status_code, answer.json()["code"]) == (400, "invalid_request")


class TestReach:
    async def test_is_what_the_table_says(self, scene: Scene) -> None:
        for row in read_table("addresses.md", "Who may do what"):
            seen = await self.try_all(scene, row["caller"])

            assert seen == {action: row[action] for action in seen}, row["caller"]

    async def try_all(self, scene: Scene, who: str) -> dict[str, str]:
        async with scene.portal.signed_in(SUPPORT) as support:
            kept = await add(support, "hana")
        if who.startswith("machine"):
            client = scene.portal.connect(make_machine(scene.portal, who.split("`")[1]))
        else:
            client = scene.portal.connect()
        email = make_email("hana") if who == "customer" else f"{who}@staff.example"
        async with scene.portal.signed_in(email) if not who.startswith("machine") else client as caller:
            answers = {
                "see": await caller.get(path_of("hana")),
                "add": await caller.post(path_of("hana"), json=UMEDA),
                "change": await caller.patch(path_of("hana", kept["id"]), json={"floor": "2"}),
                "remove": await caller.delete(path_of("hana", kept["id"])),
            }
        assert {answer.status_code for answer in answers.values()} <= {200, 201, 204, 403}
        return {name: "no" if answer.status_code == 403 else "yes" for name, answer in answers.items()}

    async def test_ends_at_ones_own_with_one_answer_for_all_others(self, scene: Scene) -> None:
        foreign, foreign_address = await put_foreign_customer(scene)
        async with scene.portal.signed_in(SUPPORT) as support:
            [kenjis] = await list_items(support, "kenji")
        bodies, kenji = set(), find_customer_id("kenji")
        for email in (make_email("hana"), SUPPORT):
            async with scene.portal.signed_in(email) as client:
                targets = [
                    (foreign, foreign_address),
                    (NOWHERE, NOWHERE),
                    (find_customer_id("hana"), kenjis["id"]),
                ]
                targets += [(find_customer_id("hana"), foreign_address)]
                targets += [(kenji, kenjis["id"])] if email != SUPPORT else []
                for customer, address in targets:
                    path = f"/api/v1/customers/{customer}/addresses/{address}"
                    for answer in (await client.patch(path, json={"floor": "1"}), await client.delete(path)):
                        body = answer.json()
                        body.pop("requestId")
                        bodies.add((answer.status_code, str(sorted(body.items()))))

        assert len(bodies) == 1
        assert next(iter(bodies))[0] == 404
        async with scene.portal.signed_in(SUPPORT) as support:
            assert await list_items(support, "kenji") == [kenjis]

    async def test_leaves_an_audit_line_that_repeats_nothing(self, scene: Scene) -> None:
        async with scene.portal.signed_in(SUPPORT) as support:
            added = await add(support, "hana", street="canary street")
            await support.patch(path_of("hana", added["id"]), json={"building": "canary"})
            await support.delete(path_of("hana", added["id"]))

        rows = await scene.list_rows(
            "SELECT action, subject, detail FROM audit WHERE action LIKE 'address.%'"
        )
        assert [row["action"] for row in rows] == ["address.added", "address.changed", "address.removed"]
        assert {row["subject"] for row in rows} == {f"customer:{find_customer_id('hana')}"}
        assert rows[1]["detail"]["fields"] == ["building"]
        assert "canary" not in str(rows)


async def put_foreign_customer(scene: Scene) -> tuple[UUID, UUID]:
    """A customer of the other org, with an address."""
    customer, address = uuid4(), uuid4()
    values = {"org": DEMO_ORGS[1].id, "customer": customer, "address": address}
    async with scene.portal.adapters.database.transaction(DEMO_ORGS[1].id) as session:
        await session.execute(
            text("INSERT INTO customers (org_id, id, kind) VALUES (:org, :customer, 'stub')"), values
        )
        await session.execute(
            text(
                "INSERT INTO addresses (org_id, id, customer_id, type, street, city, country, is_default)"
                " VALUES (:org, :address, :customer, 'home', '1', 'Muscat', 'OM', true)"
            ),
            values,
        )
    return customer, address
