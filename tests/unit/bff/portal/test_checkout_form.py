from decimal import Decimal

import pytest

from bff.portal.checkout_form import format_prices, parse_prices
from sf_sync.objects.offer import Offer, ProductType


def make_offer(sku: str, price: str, currency: str) -> Offer:
    return Offer(
        sku=sku,
        product_type=ProductType.SIM,
        name=sku,
        description=None,
        price=Decimal(price),
        currency=currency,
        fits=(),
        entry_id="",
    )


class TestPrices:
    @pytest.mark.parametrize(("price", "currency"), [("990", "JPY"), ("12.5", "OMR"), ("1E+3", "JPY")])
    def test_come_back_as_they_were_shown(self, price: str, currency: str) -> None:
        offer, other = make_offer("SIM-3G", price, currency), make_offer("SIM-20G", "1", currency)

        sent = format_prices({offer.sku: offer}, ((offer.sku, 2), ("SIM-GONE", 1)))

        assert parse_prices(sent).agree_with(offer)
        assert not parse_prices(sent).agree_with(other)

    def test_are_none_where_no_price_is_shown(self) -> None:
        assert format_prices({}, (("SIM-3G", 1),)) == ""

    @pytest.mark.parametrize(
        "text",
        ["", "JPY", "JPY|", "SIM-3G:990", "JPY|SIM-3G:", "JPY|SIM-3G:1e9", "jpy|SIM-3G:990", "JPY|<b>:1"],
    )
    def test_of_another_shape_are_none_that_anybody_was_shown(self, text: str) -> None:
        assert not parse_prices(text).agree_with(make_offer("SIM-3G", "990", "JPY"))
