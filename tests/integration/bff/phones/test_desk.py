"""What the support desk does with a customer's numbers."""

from typing import Any
from uuid import UUID, uuid4

import httpx
import pytest
from sqlalchemy import text

from bff.demo.people import DEMO_ORGS
from tests.integration.bff.scene import Scene

pytestmark = pytest.mark.asyncio

SUPPORT = "support@staff.example"
NUMBER, SHOWN = "090-1234-5678", "+81••••••78"


def make_path(customer_id: object) -> str:
    return f"/api/v1/customers/{customer_id}/phone-links"


async def find_hana(scene: Scene) -> UUID:
    [row] = await scene.list_rows("SELECT id FROM customers WHERE email = 'hana@customer.example'")
    hana: UUID = row["id"]
    return hana


async def link(scene: Scene, phone: str = NUMBER, **fields: Any) -> httpx.Response:
    hana = await find_hana(scene)
    async with scene.portal.signed_in(SUPPORT) as client:
        return await client.post(make_path(hana), json={"phone": phone, **fields})


class TestLinking:
    async def test_ties_a_number_once(self, scene: Scene) -> None:
        first, second = await link(scene), await link(scene, "+81 90 1234 5678")

        assert (first.status_code, second.status_code) == (201, 200)
        assert (first.json()["phone"], first.json()["source"], first.json()["verified"]) == (
            SHOWN,
            "agent",
            False,
        )
        assert second.json()["id"] == first.json()["id"]
        assert second.json()["times"] == 2

    async def test_is_refused_for_what_is_nobodys_number(self, scene: Scene) -> None:
        async with scene.portal.adapters.database.transaction(DEMO_ORGS[0].id) as session:
            await session.execute(
                text("INSERT INTO operator_phones VALUES (:org, '+81312345678', 'Call centre')"),
                {"org": DEMO_ORGS[0].id},
            )

        for phone, status, code in [
            ("0990-123456", 422, "phone_not_personal"),
            ("03-1234-5678", 409, "phone_is_operators"),
            ("hello", 422, "phone_not_valid"),
            ("", 400, "invalid_request"),
        ]:
            answer = await link(scene, phone)
            assert (answer.status_code, answer.json()["code"]) == (status, code), phone
        assert (await link(scene, verified=True)).status_code == 400
        assert await scene.list_rows("SELECT id FROM phone_links") == []


class TestUnlinking:
    async def test_keeps_the_link_as_history_with_its_reason(self, scene: Scene) -> None:
        hana, made = await find_hana(scene), (await link(scene)).json()
        path = f"{make_path(hana)}/{made['id']}"
        async with scene.portal.signed_in(SUPPORT) as client:
            nameless = await client.delete(path)
            done = await client.delete(path, params={"reason": " Number changed hands "})
            again = await client.delete(path, params={"reason": "Twice"})
            [listed] = (await client.get(make_path(hana))).json()["items"]

        assert (nameless.status_code, done.status_code, again.status_code) == (400, 204, 204)
        assert (listed["live"], listed["unlinkReason"], listed["phone"]) == (
            False,
            "Number changed hands",
            SHOWN,
        )
        assert listed["unlinkedBy"].startswith("staff:")

    async def test_is_written_down_without_the_number_and_the_reason(self, scene: Scene) -> None:
        hana, made = await find_hana(scene), (await link(scene)).json()
        async with scene.portal.signed_in(SUPPORT) as client:
            await client.delete(f"{make_path(hana)}/{made['id']}", params={"reason": "Gone"})

        rows = await scene.list_rows(
            "SELECT action, subject, detail FROM audit WHERE action LIKE 'phone.%' ORDER BY at"
        )
        assert [row["action"] for row in rows] == ["phone.linked", "phone.unlinked"]
        assert all(row["detail"] == {"link": made["id"]} for row in rows)
        assert {row["subject"] for row in rows} == {f"customer:{hana}"}


class TestStrangers:
    async def test_find_nothing_whether_it_is_there_or_not(self, scene: Scene) -> None:
        """Another org's customer, one of ours with another's link, and none at all: the same answer."""
        foreign_org, foreign = DEMO_ORGS[1].id, uuid4()
        async with scene.portal.adapters.database.transaction(foreign_org) as session:
            await session.execute(
                text("INSERT INTO customers (org_id, id, kind) VALUES (:org, :id, 'stub')"),
                {"org": foreign_org, "id": foreign},
            )
        made, hana = (await link(scene)).json(), await find_hana(scene)
        params = {"reason": "x"}

        answers = []
        async with scene.portal.signed_in(SUPPORT) as client:
            for customer in (foreign, uuid4()):
                answers.append(await client.post(make_path(customer), json={"phone": NUMBER}))
                answers.append(await client.get(make_path(customer)))
                answers.append(await client.delete(f"{make_path(customer)}/{made['id']}", params=params))
            answers.append(await client.delete(f"{make_path(hana)}/{uuid4()}", params=params))

        assert {answer.status_code for answer in answers} == {404}
        assert len({answer.text.replace(answer.json()["requestId"], "") for answer in answers}) == 1

    @pytest.mark.parametrize("email", ["pos@staff.example", "hana@customer.example"])
    async def test_without_the_right_are_refused(self, scene: Scene, email: str) -> None:
        path = make_path(await find_hana(scene))
        async with scene.portal.signed_in(email) as client:
            answers = [
                await client.post(path, json={"phone": NUMBER}),
                await client.get(path),
                await client.delete(f"{path}/{uuid4()}", params={"reason": "x"}),
            ]

        assert [answer.status_code for answer in answers] == [403, 403, 403]
