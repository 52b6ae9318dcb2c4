"""What changes between the page and its order: prices, products, the cart in another window, the session."""

import pytest

from tests.integration.bff.orders.shop import forget_offers, list_orders, reprice, withdraw
from tests.integration.bff.portal.shopping import (
    NET,
    SIM,
    add,
    change,
    confirm,
    open_checkout,
    order,
    shopping,
)
from tests.integration.bff.portal.visitor import show
from tests.integration.bff.scene import Scene

pytestmark = pytest.mark.asyncio


class TestOrder:
    async def test_at_a_new_price_shows_the_new_price_first(self, scene: Scene) -> None:
        async with shopping(scene, "sara") as client:
            await add(client, SIM)
            opened = await open_checkout(client)
            reprice(scene, SIM, 1_090)
            answer = await confirm(client, opened)
            again = await order(client)

        assert answer.status_code == 409
        assert "An offer has changed since you opened this page." in show(answer)
        assert "¥1,090" in show(answer)
        assert again.status_code == 303

    @pytest.mark.parametrize("is_noticed", [False, True])
    async def test_at_a_price_that_the_page_did_not_show(self, scene: Scene, *, is_noticed: bool) -> None:
        """Also when the catalogue knows the new price before the order is sent."""
        async with shopping(scene, "sara") as client:
            await add(client, NET, SIM)
            opened = await open_checkout(client)
            reprice(scene, SIM, 1_090)
            if is_noticed:
                await forget_offers(scene)
            answer = await confirm(client, opened, contactName="Sara Ito")
            placed = [list_orders(scene), await order(client, contactName="Sara Ito")]

        assert answer.status_code == 409
        assert "An offer has changed since you opened this page." in show(answer)
        assert "¥6,810" in show(answer)
        assert 'value="Sara Ito"' in answer.text
        assert "aria-disabled" not in answer.text
        assert placed[0] == []
        assert placed[1].status_code == 303

    @pytest.mark.parametrize(
        "prices", ["", "JPY|SIM-3G:1", "USD|SIM-3G:990", "JPY|NET-HOME-1G:990", "nonsense"]
    )
    async def test_at_prices_that_are_not_those_of_now(self, scene: Scene, prices: str) -> None:
        async with shopping(scene, "sara") as client:
            await add(client, SIM)
            answer = await confirm(client, await open_checkout(client) | {"prices": prices})

        assert answer.status_code == 409
        assert "An offer has changed since you opened this page." in show(answer)
        assert list_orders(scene) == []

    async def test_of_a_product_that_was_withdrawn(self, scene: Scene) -> None:
        async with shopping(scene, "sara") as client:
            await add(client, NET, SIM)
            opened = await open_checkout(client)
            withdraw(scene, SIM)
            answer = await confirm(client, opened)
            again = await order(client)

        assert answer.status_code == 409
        assert "SIM-3G is not available any more." in show(answer)
        assert again.status_code == 409
        assert list_orders(scene) == []

    async def test_when_the_cart_has_changed_elsewhere(self, scene: Scene) -> None:
        async with shopping(scene, "sara") as client:
            await add(client, NET)
            opened = await open_checkout(client)
            await add(client, SIM)
            answer = await confirm(client, opened)

        assert answer.status_code == 409
        assert "Your cart has changed in another window." in show(answer)
        assert "SIM 3 GB" in show(answer)
        assert list_orders(scene) == []

    async def test_when_the_cart_was_emptied_elsewhere(self, scene: Scene) -> None:
        """What the page showed comes back into the cart, and is ordered by the next click."""
        async with shopping(scene, "sara") as client:
            await add(client, NET)
            opened = await open_checkout(client)
            await change(client, NET, 0)
            answer = await confirm(client, opened, contactName="Sara Ito")
            placed = [list_orders(scene), await order(client, contactName="Sara Ito")]

        assert answer.status_code == 409
        assert "Your cart has changed in another window." in show(answer)
        assert 'value="Sara Ito"' in answer.text
        assert placed[0] == []
        assert placed[1].status_code == 303

    async def test_whose_session_has_ended_leads_to_sign_in_and_back(self, scene: Scene) -> None:
        async with shopping(scene, "sara") as client:
            await add(client, NET)
            opened = await open_checkout(client)
            await scene.portal.adapters.redis.call("FLUSHALL")
            answer = await confirm(client, opened)

        assert answer.status_code == 303
        assert answer.headers["Location"] == "/sign-in?next_path=%2Fcheckout"
        assert list_orders(scene) == []
