import pytest

from bff.catalog import ProductType, find_product_type
from bff.checkout.rules import CartLine, InternetStanding, ProblemCode, Standing, evaluate
from bff.next_actions import NextActionCode
from sf_sync.objects.account import EligibilityStatus, VerificationStatus
from tests.tables import make_id, read_table

INTERNET = CartLine("INTERNET-HOME-1G", 1, ProductType.INTERNET)
SIM = CartLine("SIM-5GB", 1, ProductType.SIM)
ROUTER = CartLine("ROUTER-1", 1, None)
ACTIONS = {
    "eligible": "none",
    "not_requested": "request_review",
    "pending": "wait_for_review",
    "ineligible": "contact_support",
    "unknown": "contact_support",
}


def make_internet(status: str, action: str | None = None) -> InternetStanding | None:
    if status == "unreachable":
        return None
    return InternetStanding(EligibilityStatus(status), NextActionCode(action or ACTIONS[status]))


def make_sim(status: str) -> VerificationStatus | None:
    return None if status == "unreachable" else VerificationStatus(status)


def split_age(status: str) -> tuple[str, bool]:
    """`eligible, stale` is a status that is shown because Salesforce does not answer."""
    value, _, age = status.partition(", ")
    return value, age == "stale"


class TestEvaluate:
    @pytest.mark.parametrize("row", read_table("checkout.md", "Internet"), ids=make_id)
    def test_internet_obeys_the_table(self, row: dict[str, str]) -> None:
        status, is_stale = split_age(row["status"])
        standing = Standing(internet=make_internet(status, row["next action shown"]), is_stale=is_stale)

        verdict = evaluate([INTERNET], standing)

        assert [problem.code for problem in verdict.problems] == [
            code for code in [row["problem"]] if code != "–"
        ]
        assert verdict.next_action == row["next action"]
        assert verdict.can_submit is (row["problem"] == "–")

    @pytest.mark.parametrize("row", read_table("checkout.md", "SIM"), ids=make_id)
    def test_sim_obeys_the_table(self, row: dict[str, str]) -> None:
        status, is_stale = split_age(row["status"])

        verdict = evaluate([SIM], Standing(sim=make_sim(status), is_stale=is_stale))

        assert [problem.code for problem in verdict.problems] == [
            code for code in [row["problem"]] if code != "–"
        ]
        assert verdict.next_action == row["next action"]

    @pytest.mark.parametrize(
        "row", read_table("checkout.md", "Order of problems and the next action"), ids=make_id
    )
    def test_a_mixed_cart_has_one_next_action(self, row: dict[str, str]) -> None:
        standing = Standing(internet=make_internet(row["internet"]), sim=make_sim(row["sim"]))

        assert evaluate([SIM, INTERNET], standing).next_action == row["next action"]

    def test_lists_problems_in_the_fixed_order_whatever_the_order_of_the_cart(self) -> None:
        standing = Standing(internet=make_internet("pending"), sim=VerificationStatus.REJECTED)

        verdict = evaluate([SIM, ROUTER, INTERNET, SIM], standing)

        assert [problem.code for problem in verdict.problems] == [
            ProblemCode.OFFER_NOT_AVAILABLE,
            ProblemCode.ELIGIBILITY_PENDING,
            ProblemCode.ID_REJECTED,
        ]

    def test_names_each_offer_that_does_not_exist_once(self) -> None:
        verdict = evaluate([ROUTER, ROUTER, CartLine("CABLE", 1, None)], Standing())

        assert [problem.sku for problem in verdict.problems] == ["ROUTER-1", "CABLE"]
        assert verdict.next_action is NextActionCode.NONE

    def test_asks_nothing_about_products_that_are_not_in_the_cart(self) -> None:
        verdict = evaluate([SIM], Standing(internet=None, sim=VerificationStatus.VERIFIED))

        assert verdict.can_submit

    def test_says_when_to_try_again_while_salesforce_is_away(self) -> None:
        verdict = evaluate([INTERNET], Standing(retry_after_s=7))

        assert [problem.retry_after_s for problem in verdict.problems] == [7]


class TestProductType:
    @pytest.mark.parametrize("row", read_table("checkout.md", "Offers"), ids=make_id)
    def test_is_read_from_the_sku(self, row: dict[str, str]) -> None:
        expected = None if row["product type"] == "–" else row["product type"]

        assert find_product_type(row["sku"]) == expected
