from uuid import UUID, uuid4

import pytest

from bff.checkout.schemas import MOST_ITEMS, MOST_OF_ONE
from bff.identity import Caller, CallerKind
from bff.portal.cart import (
    Cart,
    CartFull,
    format_cart,
    format_items,
    make_cart_cookie,
    make_empty_cart,
    parse_cart,
    parse_items,
)

HANA, OMAR = UUID(int=1), UUID(int=2)
ID = "0" * 32


def make_caller(customer_id: UUID = HANA) -> Caller:
    return Caller(
        kind=CallerKind.CUSTOMER,
        org_id=uuid4(),
        org_slug="demo",
        region="JP",
        locale="en",
        customer_id=customer_id,
    )


def make_cart(*items: tuple[str, int]) -> Cart:
    return Cart(id=ID, items=items)


class TestCart:
    def test_holds_each_product_once(self) -> None:
        cart = make_empty_cart().add("SIM-3G").add("NET-HOME-1G").add("SIM-3G", 2)

        assert cart.items == (("SIM-3G", 3), ("NET-HOME-1G", 1))
        assert (cart.count, cart.find("SIM-3G"), cart.find("SIM-20G")) == (4, 3, 0)

    def test_takes_out_what_there_is_none_of(self) -> None:
        assert make_cart(("SIM-3G", 2), ("SIM-20G", 1)).change("SIM-3G", 0).items == (("SIM-20G", 1),)

    def test_holds_99_of_one_product_at_most(self) -> None:
        assert make_cart(("SIM-3G", 98)).add("SIM-3G", 5).items == (("SIM-3G", MOST_OF_ONE),)

    def test_holds_20_products_at_most(self) -> None:
        full = make_cart(*((f"SKU-{number}", 1) for number in range(MOST_ITEMS)))

        assert full.add("SKU-0").find("SKU-0") == 2
        with pytest.raises(CartFull):
            full.add("SKU-20")

    def test_is_another_order_once_it_is_renewed(self) -> None:
        cart = make_cart(("SIM-3G", 1))

        assert cart.renew().items == cart.items
        assert cart.renew().id != cart.id


class TestCookie:
    def test_gives_back_what_was_put_in(self) -> None:
        cart, caller = make_cart(("NET-HOME-1G", 1), ("sim_3.G", 99)), make_caller()

        assert parse_cart(format_cart(cart, caller), caller) == cart

    def test_fits_into_what_browsers_keep(self) -> None:
        largest = make_cart(*((f"{number:080}", MOST_OF_ONE) for number in range(MOST_ITEMS)))

        assert len(format_cart(largest, make_caller())) < 4096
        assert parse_cart(format_cart(largest, make_caller()), make_caller()) == largest

    def test_is_nobody_elses(self) -> None:
        """Who signs in next on the same machine has an empty cart."""
        left_behind = format_cart(make_cart(("SIM-3G", 1)), make_caller(HANA))

        assert parse_cart(left_behind, make_caller(OMAR)).items == ()

    @pytest.mark.parametrize(
        "items",
        [
            "",
            "SIM-3G",
            "SIM-3G:0",
            "SIM-3G:100",
            "SIM-3G:-1",
            "SIM-3G:1|",
            "SIM-3G:1|SIM-3G:2",
            "SIM 3G:1",
            "<b>:1",
            ":1",
            f"{'x' * 81}:1",
            "|".join(f"SKU-{number}:1" for number in range(MOST_ITEMS + 1)),
            "SIM-3G:1\n",
            "SIM-3G:１",
        ],
    )
    def test_that_is_malformed_is_an_empty_cart(self, items: str) -> None:
        caller = make_caller()
        prefix = format_cart(make_cart(("SIM-3G", 1)), caller).removesuffix("SIM-3G:1")

        assert parse_cart(prefix + items, caller).items == ()
        assert parse_items(items) is None

    @pytest.mark.parametrize("text", ["", "x", "..", "a.b.SIM-3G:1", "\0"])
    def test_of_another_shape_is_an_empty_cart(self, text: str) -> None:
        assert parse_cart(text, make_caller()).items == ()

    def test_is_kept_from_scripts_and_from_open_lines(self) -> None:
        cart, caller = make_cart(("SIM-3G", 1)), make_caller()
        outside = make_cart_cookie(cart, caller, is_development=False)

        assert (outside.httponly, outside.secure, outside.samesite) == (True, True, "lax")
        assert not make_cart_cookie(cart, caller, is_development=True).secure

    def test_goes_with_the_last_product(self) -> None:
        cookie = make_cart_cookie(make_cart(), make_caller(), is_development=False)

        assert (cookie.value, cookie.max_age) == ("", 0)


def test_items_are_written_as_they_are_read() -> None:
    items = (("NET-HOME-1G", 1), ("SIM-3G", 12))

    assert parse_items(format_items(items)) == items
