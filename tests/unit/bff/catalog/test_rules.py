from decimal import Decimal

import pytest

from bff.catalog.rules import format_price, pick_currency, select_offers
from sf_sync.objects.account import EligibilityFacts, EligibilityStatus
from sf_sync.objects.offer import Offer, ProductType
from tests.tables import make_id, read_table

FITS = {"true": True, "false": False, "null": None}


def make_offer(
    sku: str = "NET-1",
    *,
    product_type: ProductType = ProductType.INTERNET,
    fits: tuple[str, ...] = (),
    price: str = "5720",
    currency: str = "JPY",
) -> Offer:
    return Offer(
        sku=sku,
        product_type=product_type,
        name=sku,
        description=None,
        price=Decimal(price),
        currency=currency,
        fits=fits,
        entry_id="01u000000000001AAA",
    )


def read_facts(cell: str) -> EligibilityFacts | None:
    """`eligible, Home`; None for `unreachable`."""
    status, _, result = cell.partition(", ")
    if status == "unreachable":
        return None
    return EligibilityFacts(status=EligibilityStatus(status), result=result or None)


def read_results(cell: str) -> tuple[str, ...]:
    return () if cell == "any" else tuple(cell.split(", "))


class TestShownOffers:
    @pytest.mark.parametrize("row", read_table("catalog.md", "Which offers a customer is shown"), ids=make_id)
    def test_obey_the_table(self, row: dict[str, str]) -> None:
        offer = make_offer(fits=read_results(row["offer for"]))

        shown = select_offers([offer], read_facts(row["eligibility"]), is_overridden=row["override"] == "yes")

        assert [one.fits for one in shown] == ([FITS[row["fits"]]] if row["shown"] == "yes" else [])

    def test_of_a_sim_ask_for_no_address(self) -> None:
        sim = make_offer("SIM-1", product_type=ProductType.SIM)

        [shown] = select_offers([sim], EligibilityFacts(status=EligibilityStatus.INELIGIBLE))

        assert shown.fits is True

    def test_are_of_the_wanted_type_and_begin_with_the_cheapest(self) -> None:
        dear, cheap = make_offer("DEAR", price="9000"), make_offer("CHEAP", price="3000")
        sim = make_offer("SIM-1", product_type=ProductType.SIM, price="1")

        everything = select_offers([sim, dear, cheap], None)
        internet = select_offers([sim, dear, cheap], None, product_type=ProductType.INTERNET)

        assert [one.offer.sku for one in everything] == ["CHEAP", "DEAR", "SIM-1"]
        assert [one.offer.sku for one in internet] == ["CHEAP", "DEAR"]


class TestCurrency:
    @pytest.mark.parametrize("row", read_table("catalog.md", "In which currency"), ids=make_id)
    def test_obeys_the_table(self, row: dict[str, str]) -> None:
        priced = [
            make_offer(f"NET-{number}", currency=currency)
            for number, currency in enumerate(row["priced in"].split(", "))
        ]

        shown = pick_currency(priced, row["region"])

        assert {offer.currency for offer in shown.values()} == {row["shown in"]}

    def test_of_an_empty_catalogue_is_none(self) -> None:
        assert pick_currency([], "JP") == {}

    @pytest.mark.parametrize(
        ("price", "currency", "text"),
        [
            ("5720", "JPY", "5720"),
            ("12.5", "OMR", "12.500"),
            ("3.99", "USD", "3.99"),
            ("990.5", "JPY", "990.5"),
            ("1E+3", "JPY", "1000"),
            ("0", "USD", "0.00"),
        ],
    )
    def test_has_its_own_digits(self, price: str, currency: str, text: str) -> None:
        assert format_price(Decimal(price), currency) == text
