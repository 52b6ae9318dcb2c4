"""Editing, upgrading, deactivating: over HTTP, with what must not change."""

import asyncio
from typing import Any

import pytest

from bff.cli.commands.phones import unlink_from_all
from bff.tenancy import Org
from tests.integration.bff.customers.desk import (
    ADMIN,
    CUSTOMERS,
    DEMO,
    MOBILE,
    OTHER_MOBILE,
    STUB,
    SUPPORT,
    TILL,
    Desk,
    get_code,
)

pytestmark = pytest.mark.asyncio

NOBODY = "00000000-0000-4000-8000-000000000000"
NAMES = {"lastName": "Tanaka", "email": "aiko@new.example"}

EDITS_REFUSED: list[tuple[Any, int, str]] = [
    ({"phone": None}, 422, "fields_missing"),
    ({"firstName": None}, 422, "fields_missing"),
    ({"phone": "12"}, 422, "phone_not_valid"),
    ({"preferences": None}, 400, "invalid_request"),
    ({"status": None}, 400, "invalid_request"),
    *[
        ({name: value}, 400, "invalid_request")
        for name, value in {
            "type": "full",
            "kind": "full",
            "id": NOBODY,
            "customerNumber": "X",
            "createdContext": "consumer",
            "phoneVerified": True,
            "userId": NOBODY,
            "accountId": "x",
        }.items()
    ],
]
UPGRADES_REFUSED: list[tuple[Any, int, str]] = [
    ({}, 422, "fields_missing"),
    (NAMES, 422, "phone_proof_required"),
    ({**NAMES, "proof": "x"}, 422, "proof_refused"),
    ({**NAMES, "phone": "12"}, 422, "phone_not_valid"),
    ({**NAMES, "phoneVerified": True}, 400, "invalid_request"),
]


async def edit(desk: Desk, customer_id: str, body: Any, email: str = ADMIN) -> Any:
    async with desk.staff(email) as client:
        return await client.patch(f"{CUSTOMERS}/{customer_id}", json=body)


async def upgrade(desk: Desk, customer_id: str, body: Any, email: str = TILL, **headers: str) -> Any:
    async with desk.staff(email) as client:
        return await client.post(f"{CUSTOMERS}/{customer_id}/upgrade", json=body, headers=headers)


class TestEdit:
    async def test_tells_null_from_what_was_left_out(self, desk: Desk) -> None:
        made = await desk.make(
            {**STUB, "lastName": "Tanaka", "name2": "田中愛子", "preferences": {"a": 1, "b": True}}
        )
        edited = (await edit(desk, made["id"], {"name2": None, "preferences": {"a": 2}}, SUPPORT)).json()

        assert edited | {"updatedAt": None} == made | {
            "name2": None,
            "preferences": {"a": 2},
            "updatedAt": None,
        }

    async def test_of_a_phone_takes_the_proof_of_the_old_one_away(self, desk: Desk) -> None:
        made = await desk.make({**STUB, "proof": await desk.prove()})
        edited = (await edit(desk, made["id"], {"phone": "080-9876-5432"})).json()

        assert (made["phoneVerified"], edited["phone"], edited["phoneVerified"]) == (
            True,
            OTHER_MOBILE,
            False,
        )
        links = await desk.list_rows("SELECT phone FROM phone_links ORDER BY phone")
        assert [link["phone"] for link in links] == [OTHER_MOBILE, MOBILE]

    async def test_of_a_full_ones_phone_needs_a_proof(self, desk: Desk) -> None:
        made = await desk.make_full()
        refused = await edit(desk, made["id"], {"phone": OTHER_MOBILE})
        foreign = await edit(desk, made["id"], {"phone": OTHER_MOBILE, "proof": await desk.prove(MOBILE)})
        proven = await edit(
            desk, made["id"], {"phone": OTHER_MOBILE, "proof": await desk.prove(OTHER_MOBILE)}
        )

        assert get_code(refused) == (422, "phone_proof_required")
        assert get_code(foreign) == (422, "proof_refused")
        assert (proven.json()["phone"], proven.json()["phoneVerified"]) == (OTHER_MOBILE, True)

    async def test_of_a_phone_to_one_that_is_nobodys_changes_nothing(self, desk: Desk) -> None:
        await desk.add_operator_phone("+81312345678")
        made = await desk.make()
        answers = [
            await edit(desk, made["id"], {"phone": "0120-123-456"}),
            await edit(desk, made["id"], {"phone": "03-1234-5678"}),
            await upgrade(desk, made["id"], {**NAMES, "phone": "0120-123-456", "proof": "x"}),
        ]

        assert [get_code(answer) for answer in answers] == [
            (422, "phone_not_personal"),
            (409, "phone_is_operators"),
            (422, "proof_refused"),
        ]
        async with desk.staff() as client:
            assert (await client.get(f"{CUSTOMERS}/{made['id']}")).json() == made

    async def test_of_what_may_not_be_changes_nothing(self, desk: Desk) -> None:
        made = await desk.make()
        async with desk.staff() as client:
            for body, status, code in EDITS_REFUSED:
                answer = await client.patch(f"{CUSTOMERS}/{made['id']}", json=body | {"name2": "愛子"})
                assert get_code(answer) == (status, code), body

            assert (await client.get(f"{CUSTOMERS}/{made['id']}")).json() == made

    async def test_of_the_status_takes_an_admin(self, desk: Desk) -> None:
        made = await desk.make()

        assert get_code(await edit(desk, made["id"], {"status": "deactivated"}, SUPPORT)) == (
            403,
            "forbidden",
        )
        async with desk.machine("customers:write") as machine:
            answer = await machine.patch(f"{CUSTOMERS}/{made['id']}", json={"status": "deactivated"})
        assert get_code(answer) == (403, "forbidden")

    async def test_of_two_at_once_loses_neither(self, desk: Desk) -> None:
        made = await desk.make()
        await asyncio.gather(
            edit(desk, made["id"], {"name2": "愛子"}), edit(desk, made["id"], {"lastName": "Mori"})
        )
        async with desk.staff() as client:
            now = (await client.get(f"{CUSTOMERS}/{made['id']}")).json()

        assert (now["name2"], now["lastName"]) == ("愛子", "Mori")


class TestUnlinking:
    async def test_takes_the_proof_of_the_profiles_own_number(self, desk: Desk) -> None:
        full = await desk.make_full()
        await desk.unlink(full["id"])
        async with desk.staff() as client:
            now = (await client.get(f"{CUSTOMERS}/{full['id']}")).json()
            [entry, *_] = (await client.get(f"{CUSTOMERS}/{full['id']}/history")).json()["items"]

        assert (now["phone"], now["phoneVerified"]) == (MOBILE, False)
        assert (entry["action"], entry["after"]) == ("edited", {"phoneVerifiedAt": None})

    async def test_leaves_a_later_number_proven(self, desk: Desk) -> None:
        full = await desk.make_full()
        proof = await desk.prove(OTHER_MOBILE)
        await edit(desk, full["id"], {"phone": OTHER_MOBILE, "proof": proof})
        await desk.unlink(full["id"], MOBILE)
        async with desk.staff() as client:
            now = (await client.get(f"{CUSTOMERS}/{full['id']}")).json()

        assert (now["phone"], now["phoneVerified"]) == (OTHER_MOBILE, True)

    async def test_of_an_operators_number_takes_its_proof_from_all_who_had_it(self, desk: Desk) -> None:
        made = [await desk.make({**STUB, "proof": await desk.prove()}) for _ in range(2)]
        org = Org(id=DEMO.id, slug=DEMO.slug, name=DEMO.name, region=DEMO.region, locale=DEMO.locale)
        async with desk.portal.adapters.database.transaction(DEMO.id) as session:
            assert await unlink_from_all(session, org, MOBILE) == 2
        async with desk.staff() as client:
            now = [(await client.get(f"{CUSTOMERS}/{one['id']}")).json() for one in made]

        assert [one["phoneVerified"] for one in now] == [False, False]

    async def test_makes_an_upgrade_ask_for_a_new_proof(self, desk: Desk) -> None:
        stub = await desk.make({**STUB, "proof": await desk.prove()})
        await desk.unlink(stub["id"])

        assert get_code(await upgrade(desk, stub["id"], NAMES)) == (422, "phone_proof_required")


class TestUpgrade:
    async def test_raises_a_guest_to_a_stub_and_that_to_a_full_customer(self, desk: Desk) -> None:
        guest = await desk.make({"type": "guest", "name2": "愛子"}, TILL)
        stub = await upgrade(desk, guest["id"], {"type": "stub", "firstName": "Aiko", "phone": MOBILE})
        full = await upgrade(
            desk,
            guest["id"],
            {**NAMES, "proof": await desk.prove(), "addresses": [{"street": "1-2-3", "city": "Tokyo"}]},
        )

        assert (stub.status_code, stub.json()["type"], stub.json()["phoneVerified"]) == (200, "stub", False)
        assert (full.status_code, full.json()["type"], full.json()["phoneVerified"]) == (200, "full", True)
        same = ("id", "customerNumber", "createdContext", "createdAt", "name2")
        assert {name: full.json()[name] for name in same} == {name: guest[name] for name in same}
        assert [address["isDefault"] for address in full.json()["addresses"]] == [True]
        async with desk.staff() as client:
            items = (await client.get(f"{CUSTOMERS}/{guest['id']}/history")).json()["items"]
        assert [item["action"] for item in items] == ["upgraded", "upgraded", "created"]
        assert [item["before"].get("type") for item in items] == ["stub", "guest", None]

    async def test_is_done_once_by_many_at_once_with_one_proof(self, desk: Desk) -> None:
        stub = await desk.make()
        body = {**NAMES, "proof": await desk.prove()}
        answers = await asyncio.gather(*(upgrade(desk, stub["id"], body) for _ in range(5)))

        assert sorted(answer.status_code for answer in answers) == [200, 409, 409, 409, 409] or sorted(
            answer.status_code for answer in answers
        ) == [200, 422, 422, 422, 422]

    async def test_and_a_deactivation_at_once_take_turns(self, desk: Desk) -> None:
        stub = await desk.make()
        async with desk.staff() as client:
            body = {**NAMES, "proof": await desk.prove()}
            raised, closed = await asyncio.gather(
                upgrade(desk, stub["id"], body), client.delete(f"{CUSTOMERS}/{stub['id']}")
            )
            now = (await client.get(f"{CUSTOMERS}/{stub['id']}")).json()

        assert closed.status_code == 204
        assert (now["status"], raised.status_code, now["type"]) in (
            ("deactivated", 200, "full"),
            ("deactivated", 409, "stub"),
        )

    async def test_gives_one_answer_under_one_key(self, desk: Desk) -> None:
        stub = await desk.make()
        body = {**NAMES, "proof": await desk.prove()}
        first, second = [await upgrade(desk, stub["id"], body, **{"Idempotency-Key": "k"}) for _ in "12"]

        assert (first.status_code, first.text) == (second.status_code, second.text) == (200, first.text)

    async def test_makes_a_user_who_sleeps(self, desk: Desk) -> None:
        stub = await desk.make()
        await upgrade(desk, stub["id"], {**NAMES, "proof": await desk.prove()})

        assert await desk.find_user(stub["id"]) == {"email": "aiko@new.example", "is_registered": False}

    async def test_never_goes_back(self, desk: Desk) -> None:
        full = await desk.make_full()

        for kind in ("stub", "full"):
            assert get_code(await upgrade(desk, full["id"], {"type": kind})) == (409, "upgrade_not_possible")
        assert get_code(await upgrade(desk, full["id"], {"type": "guest"})) == (400, "invalid_request")

    async def test_without_what_the_kind_needs_changes_nothing(self, desk: Desk) -> None:
        stub = await desk.make()
        async with desk.staff() as client:
            for body, status, code in UPGRADES_REFUSED:
                answer = await client.post(f"{CUSTOMERS}/{stub['id']}/upgrade", json=body)
                assert get_code(answer) == (status, code), body

            assert (await client.get(f"{CUSTOMERS}/{stub['id']}")).json() == stub

    async def test_gives_a_proof_back_that_came_to_nothing(self, desk: Desk) -> None:
        stub = await desk.make()
        proof = await desk.prove()
        await upgrade(desk, stub["id"], {"proof": proof})

        assert (await upgrade(desk, stub["id"], {**NAMES, "proof": proof})).status_code == 200


class TestDeactivation:
    async def test_keeps_the_customer_and_ends_what_can_be_done(self, desk: Desk) -> None:
        made = await desk.make()
        async with desk.staff() as client:
            answers = [await client.delete(f"{CUSTOMERS}/{made['id']}") for _ in range(2)]
            shown = (await client.get(f"{CUSTOMERS}/{made['id']}")).json()
            linked = await client.post(f"{CUSTOMERS}/{made['id']}/claim-link")

        assert [answer.status_code for answer in answers] == [204, 204]
        assert (shown["status"], shown["firstName"]) == ("deactivated", "Aiko")
        refused = (409, "customer_deactivated")
        assert get_code(await edit(desk, made["id"], {"name2": "愛子"})) == refused
        assert get_code(await upgrade(desk, made["id"], {**NAMES, "proof": await desk.prove()})) == refused
        assert get_code(linked) == refused

    async def test_is_undone_by_an_admin(self, desk: Desk) -> None:
        made = await desk.make()
        async with desk.staff() as client:
            await client.delete(f"{CUSTOMERS}/{made['id']}")
        again = (await edit(desk, made["id"], {"status": "active", "name2": "愛子"})).json()

        assert (again["status"], again["name2"]) == ("active", "愛子")
        [row] = await desk.list_rows("SELECT deactivated_at FROM customers WHERE id = :id", id=made["id"])
        assert row["deactivated_at"] is None

    async def test_keeps_a_person_from_signing_in(self, desk: Desk) -> None:
        async with desk.portal.signed_in() as hana:
            own = (await hana.get("/api/auth/session")).json()["customerId"]
        async with desk.staff() as client:
            await client.delete(f"{CUSTOMERS}/{own}")
        async with desk.portal.connect() as client:
            refused = await client.post("/api/auth/dev-login", json={"email": "hana@customer.example"})

        assert refused.status_code == 401


class TestOwnProfile:
    async def test_is_edited_by_the_customer(self, desk: Desk) -> None:
        async with desk.portal.signed_in() as hana:
            own = (await hana.get("/api/auth/session")).json()["customerId"]
            edited = await hana.patch(f"{CUSTOMERS}/{own}", json={"name2": "佐藤花", "lastName": "Satō"})
            status = await hana.patch(f"{CUSTOMERS}/{own}", json={"status": "deactivated"})

        assert (edited.json()["name2"], edited.json()["lastName"]) == ("佐藤花", "Satō")
        assert get_code(status) == (403, "forbidden")
