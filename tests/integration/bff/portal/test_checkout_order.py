"""Ordering from the checkout without scripts: one order, or nothing and nothing lost."""

import asyncio
import re

import pytest

from tests.documents import make_card, make_jpeg, write
from tests.integration.bff.orders.shop import list_orders, warm
from tests.integration.bff.portal.shopping import (
    CHECKOUT,
    NET,
    SIM,
    add,
    confirm,
    find_action,
    open_checkout,
    order,
    shopping,
)
from tests.integration.bff.portal.visitor import show
from tests.integration.bff.scene import Scene
from tests.integration.sf_sync.org import update_account

pytestmark = pytest.mark.asyncio

DOCUMENT = "/checkout/document"
JPEG = make_jpeg()
POOR = write(make_card((300, 200), shade=20), "JPEG")


class TestPlaced:
    async def test_leads_to_the_order_and_empties_the_cart(self, scene: Scene) -> None:
        async with shopping(scene, "sara") as client:
            await add(client, NET, SIM, SIM)
            answer = await order(
                client, contactName="Sara Ito", phoneNumber="090-1234-5678", notes="Ring\r\ntwice"
            )
            page = await client.get(answer.headers["Location"])
            after = show(await client.get(CHECKOUT))

        assert answer.status_code == 303
        assert re.fullmatch(r"/account/orders/[0-9a-f-]{36}", answer.headers["Location"])
        [placed] = list_orders(scene)
        assert page.status_code == 200
        assert "Sara Ito" in show(page)
        assert (placed["Type"], placed["TotalAmount"]) == ("Mixed", 7700)
        assert "Your cart is empty" in after

    async def test_goes_to_the_address_that_the_page_showed(self, scene: Scene) -> None:
        async with shopping(scene, "sara") as client:
            await add(client, SIM)
            shown = show(await client.get(CHECKOUT))
            await order(client)

        [row] = await scene.list_rows("SELECT delivery FROM orders")
        assert "4-5-6 Sakae" in shown
        assert row["delivery"]["address"]["street"] == "4-5-6 Sakae"

    async def test_once_however_often_it_is_sent(self, scene: Scene) -> None:
        async with shopping(scene, "sara") as client:
            await add(client, NET)
            opened = await open_checkout(client)
            answers = await asyncio.gather(*(confirm(client, opened) for _ in range(2)))
            # Back in the browser's history, and once more.
            answers.append(await confirm(client, opened))

        assert [answer.status_code for answer in answers] == [303, 303, 303]
        assert len({answer.headers["Location"] for answer in answers}) == 1
        assert len(list_orders(scene)) == 1

    async def test_a_second_time_when_the_cart_is_filled_again(self, scene: Scene) -> None:
        async with shopping(scene, "sara") as client:
            for _ in range(2):
                await add(client, SIM)
                await order(client)

        assert len(list_orders(scene)) == 2


class TestRefused:
    async def test_by_the_gate_keeps_cart_and_words_and_says_why(self, scene: Scene) -> None:
        async with shopping(scene, "kenji") as client:
            await add(client, NET)
            answer = await order(client, contactName="Kenji <Mori>")
            shown = show(answer)
            cart = show(await client.get(CHECKOUT))

        assert answer.status_code == 409
        assert "Your order cannot be placed yet." in shown
        assert "The availability of internet at your address is being reviewed." in shown
        assert 'value="Kenji &lt;Mori&gt;"' in answer.text
        assert "Home Internet 1 Gbps" in cart
        assert list_orders(scene) == []

    async def test_is_placed_from_the_same_page_once_nothing_keeps_it(self, scene: Scene) -> None:
        async with shopping(scene, "kenji") as client:
            await add(client, NET)
            await order(client, contactName="Kenji")
            await scene.decide("kenji", "Eligible", Internet_Eligibility__c="Home")
            answer = await order(client, contactName="Kenji Mori")

        assert answer.status_code == 303
        assert len(list_orders(scene)) == 1

    async def test_by_salesforce_although_the_page_allowed_it(self, scene: Scene) -> None:
        async with shopping(scene, "sara") as client:
            await add(client, NET)
            opened = await open_checkout(client)
            account_id = scene.find_account("sara")["Id"]
            update_account(scene.emulator, account_id, Internet_Eligibility_Status__c="Ineligible")
            answer = await confirm(client, opened)

        assert answer.status_code == 409
        assert "Internet is not available at your address." in show(answer)
        assert 'aria-disabled="true"' in answer.text
        assert list_orders(scene) == []

    @pytest.mark.parametrize(
        ("field", "value", "words"),
        [
            ("phoneNumber", "12", "This phone number is not valid."),
            ("phoneNumber", "x" * 500, "This phone number is not valid."),
            ("contactName", "x" * 101, "Use at most 100 characters"),
            ("contactName", "a\x07b", "Remove signs that do not belong here"),
            ("notes", "x" * 501, "Use at most 500 characters"),
        ],
    )
    async def test_with_a_mistake_says_so_beside_its_field(
        self, scene: Scene, field: str, value: str, words: str
    ) -> None:
        async with shopping(scene, "sara") as client:
            await add(client, SIM)
            answer = await order(client, **{"notes": "Ring twice", field: value})

        assert answer.status_code == 422
        assert words in show(answer)
        assert f'aria-describedby="field-{field}-error"' in answer.text
        assert list_orders(scene) == []

    @pytest.mark.parametrize(
        "wrong",
        [
            {"items": ""},
            {"items": "SIM-3G:0"},
            {"items": "x"},
            {"key": ""},
            {"key": "mine"},
            {"key": "é" * 32},
        ],
    )
    async def test_for_what_no_form_of_ours_sends(self, scene: Scene, wrong: dict[str, str]) -> None:
        async with shopping(scene, "sara") as client:
            await add(client, SIM)
            answer = await confirm(client, await open_checkout(client) | wrong)

        assert answer.status_code == 400
        assert list_orders(scene) == []

    async def test_without_the_token(self, scene: Scene) -> None:
        async with shopping(scene, "sara") as client:
            await add(client, SIM)
            answer = await confirm(
                client, await open_checkout(client) | {"path": "/checkout/order?csrf=forged"}
            )

        assert answer.status_code == 403
        assert list_orders(scene) == []


class TestOutage:
    async def test_keeps_the_cart_and_says_when_to_try_again(self, scene: Scene) -> None:
        await warm(scene)
        async with shopping(scene, "sara") as client:
            await add(client, NET)
            opened = await open_checkout(client)
            scene.emulator.faults.change({"unavailable": True})
            answer = await confirm(client, opened, contactName="Sara Ito")
            scene.emulator.faults.reset()
            cart = show(await client.get(CHECKOUT))

        assert answer.status_code == 503
        assert int(answer.headers["Retry-After"]) >= 1
        assert "We can't check your status at the moment. Your cart is kept." in show(answer)
        assert "Ready to order" not in show(answer)
        assert 'value="Sara Ito"' in answer.text
        assert "Home Internet 1 Gbps" in cart
        assert list_orders(scene) == []

    async def test_with_a_lost_answer_never_orders_twice(self, scene: Scene) -> None:
        await warm(scene)
        async with shopping(scene, "sara") as client:
            await add(client, NET)
            opened = await open_checkout(client)
            scene.emulator.faults.change({"cut_after_commit": True})
            answer = await confirm(client, opened)
            reopened = await open_checkout(client)
            scene.emulator.faults.reset()
            again = await confirm(client, reopened)

        assert answer.status_code == 503
        assert "it will not be placed twice" in show(answer)
        assert reopened["key"] == opened["key"]
        assert again.status_code in (303, 503)
        assert len(list_orders(scene)) == 1

    async def test_in_doubt_is_not_followed_by_another_order_unasked(self, scene: Scene) -> None:
        await warm(scene)
        async with shopping(scene, "sara") as client:
            await add(client, NET)
            opened = await open_checkout(client)
            scene.emulator.faults.change({"cut_before": True})
            await confirm(client, opened)
            scene.emulator.faults.reset()
            answer = await confirm(client, opened, contactName="Somebody else")

        assert answer.status_code == 422
        assert "We may have your order already." in show(answer)
        assert 'href="/account/orders"' in answer.text


class TestKey:
    """An order that was refused for good gives its key up; one that may exist keeps it."""

    @pytest.mark.parametrize(
        ("fault", "fields", "status", "is_kept"),
        [
            ("unavailable", {}, 503, False),
            ("cut_before", {}, 503, True),
            ("", {"phoneNumber": "12"}, 422, True),
        ],
    )
    async def test_after_a_refusal(
        self, scene: Scene, fault: str, fields: dict[str, str], status: int, *, is_kept: bool
    ) -> None:
        await warm(scene)
        async with shopping(scene, "sara") as client:
            await add(client, SIM)
            opened = await open_checkout(client)
            if fault:
                scene.emulator.faults.change({fault: True})
            answer = await confirm(client, opened, **fields)
            reopened = await open_checkout(client)

        assert answer.status_code == status
        assert (reopened["key"] == opened["key"]) == is_kept
        assert f'name="key" value="{reopened["key"]}"' in answer.text

    async def test_after_a_block(self, scene: Scene) -> None:
        async with shopping(scene, "kenji") as client:
            await add(client, NET)
            opened = await open_checkout(client)
            await confirm(client, opened)
            reopened = await open_checkout(client)

        assert reopened["key"] != opened["key"]


class TestDocument:
    async def test_is_sent_within_the_checkout(self, scene: Scene) -> None:
        async with shopping(scene, "hana") as client:
            await add(client, SIM)
            form = find_action((await client.get(CHECKOUT)).text, DOCUMENT)
            answer = await client.post(form, files={"file": ("card.jpg", JPEG, "image/jpeg")})
            shown = show(await client.get(CHECKOUT))
            placed = await order(client)

        [attempt] = await scene.list_rows("SELECT context FROM verification_attempts")
        assert (answer.status_code, answer.headers["Location"]) == (303, CHECKOUT)
        assert "Ready to order" in shown
        assert "Your document is still being checked" in shown
        assert placed.status_code == 303
        assert attempt["context"] == "checkout"

    async def test_of_poor_quality_is_sent_back_with_a_box_to_send_it_anyway(self, scene: Scene) -> None:
        async with shopping(scene, "hana") as client:
            await add(client, SIM)
            form = find_action((await client.get(CHECKOUT)).text, DOCUMENT)
            poor = {"file": ("card.jpg", POOR, "image/jpeg")}
            refused = await client.post(form, files=poor)
            taken = await client.post(form, files=poor, data={"sendAnyway": "true"})

        assert refused.status_code == 422
        assert "The picture is small." in show(refused)
        assert "SIM 3 GB" in show(refused)
        assert taken.status_code == 303

    async def test_that_is_none_is_said_beside_the_field(self, scene: Scene) -> None:
        async with shopping(scene, "hana") as client:
            await add(client, SIM)
            form = find_action((await client.get(CHECKOUT)).text, DOCUMENT)
            answer = await client.post(form, files={"file": ("card.txt", b"hello", "text/plain")})

        assert 400 <= answer.status_code < 500
        assert 'id="field-file-error"' in answer.text

    async def test_that_is_not_needed_any_more_is_said_above_all(self, scene: Scene) -> None:
        async with shopping(scene, "hana") as client:
            await add(client, SIM)
            form = find_action((await client.get(CHECKOUT)).text, DOCUMENT)
            await scene.decide("hana", "Eligible", Id_Verification_Status__c="Verified")
            answer = await client.post(form, files={"file": ("card.jpg", JPEG, "image/jpeg")})

        assert answer.status_code == 409
        assert 'role="alert"' in answer.text
        assert "Ready to order" in show(answer)
