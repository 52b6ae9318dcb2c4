from decimal import Decimal

import pytest

from bff.checkout.rules import Problem, ProblemCode, Verdict
from bff.next_actions import NextActionCode
from bff.portal.cart import Cart
from bff.portal.checkout_view import (
    digest_order,
    format_total,
    list_lines,
    make_removed,
    make_status,
    say_problem,
)
from bff.texts import get_texts
from sf_sync.objects.offer import Offer, ProductType
from tests.tables import make_id, read_table

TEXTS = get_texts("en")
NET, SIM = "NET-HOME-1G", "SIM-3G"
READY = Verdict((), NextActionCode.NONE)


def make_offer(sku: str, price: str, *, name: str, fits: tuple[str, ...] = ()) -> Offer:
    product_type = ProductType.SIM if sku.startswith("SIM") else ProductType.INTERNET
    return Offer(
        sku=sku,
        product_type=product_type,
        name=name,
        description=None,
        price=Decimal(price),
        currency="JPY",
        fits=fits,
        entry_id="",
    )


OFFERS = {NET: make_offer(NET, "5720", name="Home Internet"), SIM: make_offer(SIM, "990", name="SIM 3 GB")}


def make_cart(*items: tuple[str, int]) -> Cart:
    return Cart(id="0" * 32, items=items or ((NET, 1), (SIM, 2)))


def make_verdict(code: str, next_action: str, **more: str) -> Verdict:
    if code == "may be ordered":
        return READY
    action = NextActionCode(next_action)
    sku = NET if code == ProblemCode.OFFER_NOT_AVAILABLE else None
    problem = Problem(code=ProblemCode(code), next_action=action, sku=sku, message=more.get("message"))
    return Verdict((problem,), action)


class TestMakeStatus:
    @pytest.mark.parametrize("row", read_table("checkout.md", "What the page says"), ids=make_id)
    def test_follows_the_table(self, row: dict[str, str]) -> None:
        verdict = make_verdict(row["verdict"], row["next action"])

        status = make_status(verdict, OFFERS, make_cart(), TEXTS, is_under_review=False)

        leads_to = status.action.path if status.action else "–"
        assert (status.headline, leads_to) == (row["headline"], row["leads to"])
        assert status.explanation

    def test_has_a_headline_for_every_next_action(self) -> None:
        for action in NextActionCode:
            problem = Problem(code=ProblemCode.STATUS_UNKNOWN, next_action=action)
            verdict = Verdict((problem,), action)

            assert make_status(verdict, OFFERS, make_cart(), TEXTS, is_under_review=False).headline

    def test_explains_the_problem_that_its_action_is_for(self) -> None:
        pending = Problem(code=ProblemCode.ELIGIBILITY_PENDING, next_action=NextActionCode.WAIT_FOR_REVIEW)
        rejected = Problem(
            code=ProblemCode.ID_REJECTED, next_action=NextActionCode.RESUBMIT_ID, message="Too dark."
        )
        verdict = Verdict((pending, rejected), NextActionCode.RESUBMIT_ID)

        status = make_status(verdict, OFFERS, make_cart(), TEXTS, is_under_review=False)

        assert status.explanation.startswith("Your ID was rejected.")
        assert status.quote
        assert status.quote.text == "Too dark."

    def test_tells_that_a_document_is_still_being_checked(self) -> None:
        status = make_status(READY, OFFERS, make_cart(), TEXTS, is_under_review=True)

        assert "still being checked" in status.explanation


class TestSayProblem:
    def test_names_an_offer_and_whether_it_is_gone_or_somewhere_else(self) -> None:
        gone = Problem(code=ProblemCode.OFFER_NOT_AVAILABLE, sku=SIM)
        elsewhere = Problem(code=ProblemCode.OFFER_NOT_AVAILABLE, sku=NET, fits=("Apartment",))

        assert say_problem(gone, OFFERS, TEXTS) == "SIM 3 GB is not available any more."
        assert say_problem(gone, None, TEXTS) == "SIM-3G is not available any more."
        assert say_problem(elsewhere, OFFERS, TEXTS) == "Home Internet is not available at your address."


class TestLines:
    def test_show_the_price_of_one_where_there_are_several(self) -> None:
        internet, sim = list_lines(READY, OFFERS, make_cart(), TEXTS)

        assert (internet.name, internet.price, internet.total) == ("Home Internet", "", "¥5,720")
        assert (sim.name, sim.price, sim.total) == ("SIM 3 GB", "¥990", "¥1,980")

    def test_stay_when_nobody_knows_what_they_are(self) -> None:
        lines = list_lines(READY, None, make_cart(), TEXTS)

        assert [(line.name, line.total) for line in lines] == [(NET, ""), (SIM, "")]

    def test_offer_a_quantity_that_came_from_elsewhere(self) -> None:
        [line] = list_lines(READY, OFFERS, make_cart((SIM, 42)), TEXTS)

        assert line.choices == (*range(1, 11), 42)

    def test_add_up_to_what_is_an_offer(self) -> None:
        assert format_total(OFFERS, make_cart((NET, 1), ("SIM-GONE", 3), (SIM, 2)), TEXTS) == "¥7,700"
        assert format_total(OFFERS, make_cart(("SIM-GONE", 1)), TEXTS) == ""
        assert format_total(None, make_cart(), TEXTS) == ""


class TestRemoved:
    def test_comes_back_as_it_was(self) -> None:
        removed = make_removed(((SIM, 2),), OFFERS, make_cart((NET, 1)), TEXTS, csrf="t")

        assert removed
        assert (removed.name, removed.quantity, removed.path) == ("SIM 3 GB", 2, "/cart/add?csrf=t")

    def test_is_not_offered_once_it_is_back(self) -> None:
        assert make_removed(((SIM, 2),), OFFERS, make_cart((SIM, 1)), TEXTS, csrf="t") is None
        assert make_removed((), OFFERS, make_cart((SIM, 1)), TEXTS, csrf="t") is None


class TestDigestOrder:
    def test_changes_with_what_is_shown_and_with_nothing_else(self) -> None:
        away = Problem(code=ProblemCode.SOURCE_UNAVAILABLE, retry_after_s=1)
        later = Problem(code=ProblemCode.SOURCE_UNAVAILABLE, retry_after_s=9)
        dearer = {**OFFERS, NET: make_offer(NET, "5900", name="Home Internet")}
        cart = make_cart()

        def digest(problem: Problem | None = None) -> str:
            return digest_order(Verdict((problem,) if problem else (), NextActionCode.NONE), OFFERS, cart)

        assert digest(away) == digest(later)
        assert digest(away) != digest()
        assert digest_order(READY, dearer, cart) != digest()
        assert digest_order(READY, OFFERS, make_cart((NET, 2))) != digest()
