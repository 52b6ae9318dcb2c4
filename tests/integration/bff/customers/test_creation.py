"""The four doors by which customers come in, and what each kind must bring."""

import asyncio
from typing import Any

import pytest

from bff.otp import Purpose
from tests.integration.bff.customers.desk import (
    CUSTOMERS,
    MOBILE,
    OMAN,
    OTHER_MOBILE,
    STUB,
    SUPPORT,
    TILL,
    Desk,
    get_code,
)

pytestmark = pytest.mark.asyncio

FULL = {
    "type": "full",
    "firstName": "Aiko",
    "lastName": "Tanaka",
    "phone": "090-1234-5678",
    "email": "Aiko@New.Example",
}
REFUSED: list[tuple[Any, int, str]] = [
    ({}, 400, "invalid_request"),
    ({"type": "vip"}, 400, "invalid_request"),
    ({"type": "stub", "firstName": "Aiko"}, 400, "invalid_request"),
    ({"type": "stub", "phone": MOBILE}, 400, "invalid_request"),
    ({**STUB, "phone": "12"}, 422, "phone_not_valid"),
    ({**STUB, "firstName": "   "}, 400, "invalid_request"),
    ({**FULL}, 400, "invalid_request"),
    ({**STUB, "email": "nobody"}, 400, "invalid_request"),
    ({**STUB, "picture": "javascript:alert(1)"}, 400, "invalid_request"),
    ({**STUB, "preferences": {"a b": 1}}, 400, "invalid_request"),
    ({**STUB, "preferences": {"a": {"b": 1}}}, 400, "invalid_request"),
    ({**STUB, "createdContext": "registration"}, 403, "forbidden"),
    ({**STUB, "createdContext": "consumer"}, 403, "forbidden"),
    *[
        ({**STUB, name: value}, 400, "invalid_request")
        for name, value in {
            "id": "0d5e8a4c-0000-4000-8000-000000000000",
            "number": 1,
            "customerNumber": "CUST-00001",
            "phoneVerified": True,
            "status": "active",
            "orgId": str(OMAN.id),
            "userId": str(OMAN.id),
            "accountId": "001000000000001AAA",
        }.items()
    ],
]
NEWCOMER = {"type": "guest", "firstName": "Aiko", "email": "aiko@new.example"}


class TestKinds:
    async def test_a_guest_needs_nothing(self, desk: Desk) -> None:
        made = await desk.make({"type": "guest"}, TILL)

        assert (made["type"], made["status"], made["customerNumber"]) == ("guest", "active", "CUST-00006")
        assert (made["createdContext"], made["phone"], made["addresses"]) == ("point_of_sale", None, [])

    async def test_a_stub_is_made_at_the_till_in_one_call(self, desk: Desk) -> None:
        made = await desk.make({**STUB, "name2": " 田中愛子 "}, TILL)

        assert (made["phone"], made["phoneVerified"], made["name2"]) == (MOBILE, False, "田中愛子")
        links = await desk.list_rows("SELECT phone, source, is_verified FROM phone_links")
        assert links == [{"phone": MOBILE, "source": "till", "is_verified": False}]

    async def test_a_full_one_has_a_proven_phone(self, desk: Desk) -> None:
        home = {"street": "1-2-3 Jingumae", "city": "Tokyo"}
        made = await desk.make(
            {
                **FULL,
                "proof": await desk.prove(),
                "preferences": {"ecoFriendly": True, "floor": 3, "fragrance": "lavender"},
                "addresses": [home, {**home, "type": "work", "isDefault": True}],
            }
        )

        assert (made["phoneVerified"], made["emailVerified"]) == (True, False)
        assert made["email"] == "aiko@new.example"
        assert made["preferences"] == {"ecoFriendly": True, "floor": 3, "fragrance": "lavender"}
        assert [(a["type"], a["isDefault"]) for a in made["addresses"]] == [("work", True), ("home", False)]
        [link] = await desk.list_rows("SELECT source, is_verified FROM phone_links")
        assert link == {"source": "code_verified", "is_verified": True}

    @pytest.mark.parametrize(
        "purpose", [Purpose.LOGIN, Purpose.CLAIM, "another phone", "another org", "used", "none"]
    )
    async def test_a_proof_of_something_else_makes_nobody(self, desk: Desk, purpose: str) -> None:
        match purpose:
            case "another phone":
                proof = await desk.prove(OTHER_MOBILE)
            case "another org":
                proof = await desk.prove(org=OMAN)
            case "used":
                proof = await desk.prove()
                await desk.make({**FULL, "proof": proof})
            case "none":
                proof = f"{'0' * 32}.{'A' * 43}"
            case _:
                proof = await desk.prove(purpose=Purpose(purpose))
        before = await desk.list_rows("SELECT last FROM customer_counters")

        assert get_code(await desk.create({**FULL, "proof": proof})) == (422, "proof_refused")
        assert await desk.list_rows("SELECT last FROM customer_counters") == before

    async def test_numbers_of_services_and_of_operators_make_nobody(self, desk: Desk) -> None:
        await desk.add_operator_phone("+81312345678")
        before = await desk.list_rows("SELECT last FROM customer_counters")
        async with desk.staff(TILL) as client:
            for phone, status, code in (
                ("0990-123456", 422, "phone_not_personal"),
                ("0120-123-456", 422, "phone_not_personal"),
                ("03-1234-5678", 409, "phone_is_operators"),
            ):
                answer = await client.post(CUSTOMERS, json=STUB | {"phone": phone})
                assert get_code(answer) == (status, code), phone

        assert await desk.list_rows("SELECT last FROM customer_counters") == before

    async def test_what_is_not_right_makes_nobody(self, desk: Desk) -> None:
        async with desk.staff(TILL) as client:
            for body, status, code in REFUSED:
                assert get_code(await client.post(CUSTOMERS, json=body)) == (status, code), body

        assert await desk.list_rows("SELECT id FROM customers WHERE number > 5") == []


class TestOnce:
    async def test_one_key_makes_one_customer_for_many_at_once(self, desk: Desk) -> None:
        async with desk.staff(TILL) as client:
            answers = await asyncio.gather(
                *(client.post(CUSTOMERS, json=STUB, headers={"Idempotency-Key": "k"}) for _ in range(10))
            )

        assert {(answer.status_code, answer.text) for answer in answers} == {(201, answers[0].text)}
        assert len(await desk.list_rows("SELECT id FROM customers WHERE number > 5")) == 1

    async def test_one_key_is_for_one_request(self, desk: Desk) -> None:
        key = {"Idempotency-Key": "k"}
        await desk.create(STUB, TILL, **key)

        again = await desk.create({"type": "guest"}, TILL, **key)
        assert get_code(again) == (422, "idempotency_key_reused")


class TestWrittenDown:
    async def test_in_the_audit_without_what_is_nobodys_business(self, desk: Desk) -> None:
        made = await desk.make({**STUB, "email": "aiko@new.example"}, TILL)
        async with desk.staff() as client:
            await client.patch(f"{CUSTOMERS}/{made['id']}", json={"phone": OTHER_MOBILE, "name2": "愛子"})

        rows = await desk.list_rows(
            "SELECT action, detail, audit::text AS line FROM audit WHERE subject = :subject ORDER BY at",
            subject=f"customer:{made['id']}",
        )
        assert [row["action"] for row in rows] == ["customer.created", "customer.edited"]
        assert rows[1]["detail"] == {"fields": ["name2", "phone", "phone_verified_at"]}
        for secret in ("Aiko", "aiko", "愛子", MOBILE[1:], OTHER_MOBILE[1:]):
            assert not any(secret in row["line"] for row in rows)

    async def test_in_the_history_with_the_values(self, desk: Desk) -> None:
        made = await desk.make(STUB, TILL)
        async with desk.staff() as client:
            await client.patch(f"{CUSTOMERS}/{made['id']}", json={"firstName": "Eiko"})
            items = (await client.get(f"{CUSTOMERS}/{made['id']}/history")).json()["items"]

        assert [item["action"] for item in items] == ["edited", "created"]
        assert (items[0]["before"], items[0]["after"]) == ({"firstName": "Aiko"}, {"firstName": "Eiko"})
        assert items[0]["actor"].startswith("staff:")


class TestPointOfSale:
    async def test_a_cash_sale_stands_alone(self, desk: Desk) -> None:
        made = await desk.make({"type": "guest"}, TILL)

        assert await desk.find_user(made["id"]) is None

    async def test_a_card_may_bring_a_user_who_sleeps(self, desk: Desk) -> None:
        made = await desk.make({"type": "guest", "email": "Aiko@new.example"}, TILL)

        assert await desk.find_user(made["id"]) == {"email": "aiko@new.example", "is_registered": False}
        async with desk.portal.connect() as client:
            sign_in = await client.post("/api/auth/dev-login", json={"email": "aiko@new.example"})
        assert sign_in.status_code == 401

    async def test_a_second_purchase_is_another_profile_of_nobody(self, desk: Desk) -> None:
        await desk.make({"type": "guest", "email": "aiko@new.example"}, TILL)
        second = await desk.make({"type": "guest", "email": "aiko@new.example"}, TILL)

        assert await desk.find_user(second["id"]) is None

    async def test_one_sleeper_has_profiles_in_two_orgs(self, desk: Desk) -> None:
        async with desk.machine(org=OMAN) as machine:
            there = (await machine.post(CUSTOMERS, json=NEWCOMER)).json()
        here = await desk.make(NEWCOMER, TILL)

        sleeper = {"email": "aiko@new.example", "is_registered": False}
        assert await desk.find_user(here["id"]) == sleeper
        assert await desk.find_user(there["id"], org=OMAN) == sleeper
        assert (here["customerNumber"], there["customerNumber"]) == ("CUST-00006", "CUST-00001")

    async def test_an_address_gives_nothing_to_a_person_who_has_registered(self, desk: Desk) -> None:
        """What a till types proves nothing; and the answer does not tell that the person exists."""
        known = await desk.make({"type": "guest", "email": "hana@customer.example"}, TILL)
        unknown = await desk.make({"type": "guest", "email": "nobody@customer.example"}, TILL)

        assert await desk.find_user(known["id"]) is None
        varying = {"id", "customerNumber", "email", "createdAt", "updatedAt"}
        assert {k: v for k, v in known.items() if k not in varying} == {
            k: v for k, v in unknown.items() if k not in varying
        }


class TestRegistration:
    BODY = NEWCOMER | {"createdContext": "registration"}

    async def test_makes_the_user_first_and_the_profile_its_child(self, desk: Desk) -> None:
        async with desk.machine() as machine:
            made = (await machine.post(CUSTOMERS, json=self.BODY)).json()

        assert await desk.find_user(made["id"]) == {"email": "aiko@new.example", "is_registered": True}
        async with desk.person("aiko@new.example", "demo") as client:
            mine = await client.get(f"{CUSTOMERS}/{made['id']}")
            edited = await client.patch(
                f"{CUSTOMERS}/{made['id']}",
                json={
                    "firstName": "Ai",
                    "email": "other@new.example",
                    "picture": "https://pictures.example/ai.png",
                },
            )
        assert mine.json()["createdContext"] == "registration"
        assert (edited.status_code, edited.json()["picture"]) == (200, "https://pictures.example/ai.png")
        # The profile is the org's view; the user keeps the address under which they sign in.
        assert await desk.find_user(made["id"]) == {"email": "aiko@new.example", "is_registered": True}

    async def test_is_refused_twice(self, desk: Desk) -> None:
        async with desk.machine() as machine:
            await machine.post(CUSTOMERS, json=self.BODY)
            again = await machine.post(CUSTOMERS, json=self.BODY)

        assert get_code(again) == (409, "customer_exists")

    async def test_tells_no_org_of_a_user_of_another(self, desk: Desk) -> None:
        async with desk.machine(org=OMAN) as machine:
            known = await machine.post(CUSTOMERS, json=self.BODY | {"email": "hana@customer.example"})
            unknown = await machine.post(CUSTOMERS, json=self.BODY)

        assert (known.status_code, unknown.status_code) == (201, 201)
        assert known.json().keys() == unknown.json().keys()

    async def test_gives_who_slept_the_profile_of_the_till(self, desk: Desk) -> None:
        till = await desk.make(NEWCOMER, TILL)
        async with desk.machine() as machine:
            registered = await machine.post(CUSTOMERS, json=self.BODY)

        assert (registered.status_code, registered.json()["id"]) == (200, till["id"])
        assert await desk.find_user(till["id"]) == {"email": "aiko@new.example", "is_registered": True}

    async def test_does_not_open_a_profile_that_an_admin_has_closed(self, desk: Desk) -> None:
        till = await desk.make(NEWCOMER, TILL)
        async with desk.machine() as machine:
            await machine.delete(f"{CUSTOMERS}/{till['id']}")
            registered = await machine.post(CUSTOMERS, json=self.BODY)

        assert get_code(registered) == (409, "customer_deactivated")
        assert await desk.find_user(till["id"]) == {"email": "aiko@new.example", "is_registered": False}

    async def test_needs_an_address(self, desk: Desk) -> None:
        async with desk.machine() as machine:
            answer = await machine.post(CUSTOMERS, json={"type": "guest", "createdContext": "registration"})

        assert get_code(answer) == (422, "fields_missing")


class TestConsumer:
    async def test_has_one_profile_however_often_they_come(self, desk: Desk) -> None:
        body = NEWCOMER | {"createdContext": "consumer"}
        async with desk.machine() as machine:
            answers = [await machine.post(CUSTOMERS, json=body) for _ in range(2)]
            at_once = await asyncio.gather(*(machine.post(CUSTOMERS, json=body) for _ in range(5)))

        assert [answer.status_code for answer in answers] == [201, 200]
        assert {answer.json()["id"] for answer in (*answers, *at_once)} == {answers[0].json()["id"]}

    async def test_joins_another_org_by_themselves_once(self, desk: Desk) -> None:
        async with desk.portal.signed_in() as hana:
            answers = await asyncio.gather(
                *(hana.post(f"{CUSTOMERS}/profiles", json={"org": "oman"}) for _ in range(5))
            )
            nowhere = await hana.post(f"{CUSTOMERS}/profiles", json={"org": "nowhere"})

        assert sorted(answer.status_code for answer in answers) == [200, 200, 200, 200, 201]
        assert {answer.json()["createdContext"] for answer in answers} == {"consumer"}
        assert nowhere.status_code == 404
        async with desk.person("hana@customer.example", "oman") as hana:
            session = (await hana.get("/api/auth/session")).json()
        assert (session["org"], session["customerId"]) == ("oman", answers[0].json()["id"])

    async def test_does_not_come_back_to_a_profile_that_an_admin_has_closed(self, desk: Desk) -> None:
        body = NEWCOMER | {"createdContext": "consumer"}
        async with desk.portal.signed_in() as hana, desk.machine(org=OMAN) as machine:
            joined = (await hana.post(f"{CUSTOMERS}/profiles", json={"org": "oman"})).json()
            made = (await machine.post(CUSTOMERS, json=body)).json()
            for closed in (joined, made):
                await machine.delete(f"{CUSTOMERS}/{closed['id']}")
            answers = [
                await hana.post(f"{CUSTOMERS}/profiles", json={"org": "oman"}),
                await machine.post(CUSTOMERS, json=body),
            ]

        assert [get_code(answer) for answer in answers] == [(409, "customer_deactivated")] * 2

    async def test_is_a_person(self, desk: Desk) -> None:
        async with desk.staff(SUPPORT) as client:
            answer = await client.post(f"{CUSTOMERS}/profiles", json={"org": "oman"})

        assert get_code(answer) == (403, "forbidden")


class TestThirdParty:
    async def test_is_made_on_our_side(self, desk: Desk) -> None:
        async with desk.machine() as machine:
            made = (await machine.post(CUSTOMERS, json={"type": "guest", "firstName": "Aiko"})).json()

        assert made["createdContext"] == "third_party"
