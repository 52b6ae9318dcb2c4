from decimal import Decimal
from uuid import uuid4

import pytest

from bff.addresses import Address
from bff.orders.rules import (
    Delivery,
    OrderState,
    Review,
    ShownPrices,
    find_order_type,
    find_shown_state,
    format_delivery,
    make_order_id,
    merge_items,
    open_review,
    plan_review,
    price_lines,
    sum_total,
)
from sf_sync.objects.account import VerificationStatus
from sf_sync.objects.offer import Offer, ProductType
from tests.tables import make_id, read_table

INTERNET, SIM = ProductType.INTERNET, ProductType.SIM


def make_offer(sku: str, price: str, product_type: ProductType = SIM) -> Offer:
    return Offer(
        sku=sku,
        product_type=product_type,
        name=sku,
        description=None,
        price=Decimal(price),
        currency="JPY",
        fits=(),
        entry_id="01u000000000001AAA",
    )


class TestLines:
    def test_have_each_sku_once_where_it_came_first(self) -> None:
        assert merge_items([("A", 1), ("B", 2), ("A", 3)]) == [("A", 4), ("B", 2)]

    def test_add_up_without_losing_a_fraction(self) -> None:
        offers = {"A": make_offer("A", "0.1"), "B": make_offer("B", "0.2")}

        lines = price_lines([("A", 1), ("B", 1), ("C", 5)], offers)

        assert [line.sku for line in lines] == ["A", "B"]
        assert sum_total(lines) == Decimal("0.3")

    @pytest.mark.parametrize(
        ("product_types", "order_type"),
        [([INTERNET], "Internet"), ([SIM, SIM], "SIM"), ([SIM, INTERNET], "Mixed")],
    )
    def test_make_the_orders_type(self, product_types: list[ProductType], order_type: str) -> None:
        assert find_order_type(product_types) == order_type


class TestShownPrices:
    @pytest.mark.parametrize(
        ("prices", "currency", "is_all", "agrees"),
        [
            ([], None, False, True),
            ([("A", "990")], None, False, True),
            ([("A", "990.00")], "JPY", False, True),
            ([("A", "991")], "JPY", False, False),
            ([("A", "990"), ("A", "991")], "JPY", False, False),
            ([("A", "990")], "OMR", False, False),
            ([("B", "1")], "JPY", False, True),
            ([("B", "1")], "JPY", True, False),
            ([], None, True, False),
        ],
    )
    def test_agree_with_an_offer_as_it_was_shown(
        self, prices: list[tuple[str, str]], currency: str | None, is_all: bool, agrees: bool
    ) -> None:
        shown = frozenset((sku, Decimal(price)) for sku, price in prices)

        prices_shown = ShownPrices(prices=shown, currency=currency, is_all=is_all)

        assert prices_shown.agree_with(make_offer("A", "990")) is agrees


class TestOrderId:
    def test_is_the_same_for_one_key_of_one_customer(self) -> None:
        org, customer = uuid4(), uuid4()

        assert make_order_id(org, customer, "one") == make_order_id(org, customer, "one")
        assert make_order_id(org, customer, "one") != make_order_id(org, uuid4(), "one")
        assert make_order_id(org, customer, "one") != make_order_id(uuid4(), customer, "one")

    def test_is_a_new_one_without_a_key(self) -> None:
        org, customer = uuid4(), uuid4()

        assert make_order_id(org, customer, None) != make_order_id(org, customer, None)


class TestDelivery:
    def test_keeps_the_whole_address_with_the_notes(self) -> None:
        address = Address(
            apartment="302", street="1-2-3 Jingumae", area="Shibuya", city="Tokyo", postal_code="150-0001", country="JP"
        )  # fmt: skip

        formatted = format_delivery(Delivery(address=address, notes="Ring twice"))

        assert formatted.street == "302\n1-2-3 Jingumae\nShibuya"
        assert (formatted.city, formatted.postal_code) == ("Tokyo", "150-0001")
        assert (formatted.instructions or "").splitlines() == [
            "302", "1-2-3 Jingumae", "Shibuya", "Tokyo 150-0001", "JP", "Ring twice",
        ]  # fmt: skip

    def test_may_be_notes_alone(self) -> None:
        assert format_delivery(Delivery(notes="Ring twice")).instructions == "Ring twice"


class TestReview:
    @pytest.mark.parametrize("row", read_table("orders.md", "After the order"), ids=make_id)
    def test_obeys_the_table(self, row: dict[str, str]) -> None:
        state, status = OrderState(row["order"]), VerificationStatus(row["account"])
        is_lifted = row["lifted"] == "yes"

        assert plan_review(state, status, is_lifted=is_lifted) == row["step"]
        assert find_shown_state(state, Review.OPEN, status, is_lifted=is_lifted) == row["order then"]

    @pytest.mark.parametrize(
        ("product_types", "status", "is_lifted", "review"),
        [
            ({SIM}, VerificationStatus.SUBMITTED, False, Review.OPEN),
            ({SIM, INTERNET}, VerificationStatus.SUBMITTED, False, Review.OPEN),
            ({SIM}, VerificationStatus.VERIFIED, False, Review.SETTLED),
            ({SIM}, VerificationStatus.REJECTED, True, Review.SETTLED),
            ({SIM}, None, False, Review.OPEN),
            ({INTERNET}, VerificationStatus.SUBMITTED, False, None),
        ],
    )
    def test_is_opened_by_a_sim_whose_document_is_not_verified(
        self,
        product_types: set[ProductType],
        status: VerificationStatus | None,
        is_lifted: bool,
        review: Review | None,
    ) -> None:
        assert open_review(product_types, status, is_lifted=is_lifted) is review

    @pytest.mark.parametrize("review", [None, Review.SETTLED])
    def test_that_is_over_holds_nothing(self, review: Review | None) -> None:
        shown = find_shown_state(OrderState.PLACED, review, VerificationStatus.REJECTED)

        assert shown is OrderState.PLACED

    def test_is_shown_as_it_stands_while_nobody_can_tell(self) -> None:
        assert find_shown_state(OrderState.ON_HOLD, Review.OPEN, None) is OrderState.ON_HOLD
