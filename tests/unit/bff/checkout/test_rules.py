import pytest

from bff.checkout.rules import (
    CartLine,
    Fact,
    ProblemCode,
    Standing,
    Verdict,
    evaluate,
    refuse_unread_catalogue,
)
from bff.next_actions import NextActionCode
from sf_sync.objects.account import EligibilityStatus, VerificationStatus
from sf_sync.objects.offer import ProductType
from tests.tables import make_id, read_table

INTERNET = CartLine("NET-HOME-1G", 1, ProductType.INTERNET)
SIM = CartLine("SIM-5GB", 1, ProductType.SIM)
ROUTER = CartLine("ROUTER-1", 1, None)
ACTIONS = {
    "not_requested": "request_review",
    "pending": "wait_for_review",
    "ineligible": "contact_support",
    "unknown": "contact_support",
    "not_submitted": "upload_id",
    "submitted": "wait_for_review",
    "rejected": "resubmit_id",
}


def make_fact(
    kind: type[EligibilityStatus] | type[VerificationStatus], cell: str, action: str | None = None
) -> Fact | None:
    """`eligible, Home`, or `eligible, stale` for a status that is shown because Salesforce does not answer."""
    status, _, rest = cell.partition(", ")
    if status == "unreachable":
        return None
    return Fact(
        status=kind(status),
        next_action=NextActionCode(action or ACTIONS.get(status, "none")),
        is_stale=rest == "stale",
        result=rest if rest not in ("", "stale") else None,
    )


def make_internet(cell: str, action: str | None = None) -> Fact | None:
    return make_fact(EligibilityStatus, cell, action)


def make_sim(cell: str, action: str | None = None) -> Fact | None:
    return make_fact(VerificationStatus, cell, action)


def read_override(row: dict[str, str], product_type: ProductType) -> frozenset[ProductType]:
    return frozenset({product_type}) if row["override"] == "yes" else frozenset()


def codes_of(verdict: Verdict) -> list[str]:
    return [problem.code for problem in verdict.problems]


def expected_codes(row: dict[str, str]) -> list[str]:
    return [code for code in [row["problem"]] if code != "–"]


class TestEvaluate:
    @pytest.mark.parametrize("row", read_table("checkout.md", "Internet"), ids=make_id)
    def test_internet_obeys_the_table(self, row: dict[str, str]) -> None:
        internet = make_internet(row["status"], row["next action shown"])
        overridden = read_override(row, ProductType.INTERNET)

        verdict = evaluate([INTERNET], Standing(internet=internet, overridden=overridden))

        assert codes_of(verdict) == expected_codes(row)
        assert verdict.next_action == row["next action"]
        assert verdict.can_submit is (row["problem"] == "–")

    @pytest.mark.parametrize("row", read_table("checkout.md", "SIM"), ids=make_id)
    def test_sim_obeys_the_table(self, row: dict[str, str]) -> None:
        sim = make_sim(row["status"], row["next action shown"])

        verdict = evaluate([SIM], Standing(sim=sim, overridden=read_override(row, ProductType.SIM)))

        assert codes_of(verdict) == expected_codes(row)
        assert verdict.next_action == row["next action"]

    @pytest.mark.parametrize("row", read_table("checkout.md", "Offers"), ids=make_id)
    def test_offers_obey_the_table(self, row: dict[str, str]) -> None:
        fits = () if row["for"] in ("any", "–") else tuple(row["for"].split(", "))
        product_type = None if row["offer"] == "unknown SKU" else ProductType(row["offer"])
        standing = Standing(
            internet=make_internet(row["internet"]), overridden=read_override(row, ProductType.INTERNET)
        )

        assert codes_of(evaluate([CartLine("X", 1, product_type, fits)], standing)) == expected_codes(row)

    @pytest.mark.parametrize(
        "row", read_table("checkout.md", "Order of problems and the next action"), ids=make_id
    )
    def test_a_mixed_cart_has_one_next_action(self, row: dict[str, str]) -> None:
        standing = Standing(internet=make_internet(row["internet"]), sim=make_sim(row["sim"]))

        assert evaluate([SIM, INTERNET], standing).next_action == row["next action"]

    def test_lists_problems_in_the_fixed_order_whatever_the_order_of_the_cart(self) -> None:
        standing = Standing(internet=make_internet("pending"), sim=make_sim("rejected"))

        verdict = evaluate([SIM, ROUTER, INTERNET, SIM], standing)

        assert codes_of(verdict) == [
            ProblemCode.OFFER_NOT_AVAILABLE,
            ProblemCode.ELIGIBILITY_PENDING,
            ProblemCode.ID_REJECTED,
        ]

    def test_names_each_offer_that_cannot_be_had_once_in_the_order_of_the_cart(self) -> None:
        apartment = CartLine("NET-APT", 1, ProductType.INTERNET, ("Apartment",))
        standing = Standing(internet=make_internet("eligible, Home"))

        verdict = evaluate([ROUTER, apartment, ROUTER, CartLine("CABLE", 1, None), apartment], standing)

        assert [problem.sku for problem in verdict.problems] == ["ROUTER-1", "NET-APT", "CABLE"]
        assert verdict.next_action is NextActionCode.NONE

    def test_tells_for_which_addresses_a_plan_is(self) -> None:
        apartment = CartLine("NET-APT", 1, ProductType.INTERNET, ("Apartment",))

        [problem] = evaluate([apartment], Standing(internet=make_internet("eligible, Home"))).problems

        assert (problem.fits, problem.result) == (("Apartment",), "Home")

    def test_asks_nothing_about_products_that_are_not_in_the_cart(self) -> None:
        assert evaluate([SIM], Standing(internet=None, sim=make_sim("verified"))).can_submit

    def test_an_override_of_one_product_type_leaves_the_other_blocked(self) -> None:
        standing = Standing(
            internet=make_internet("ineligible"),
            sim=make_sim("rejected"),
            overridden=frozenset({ProductType.INTERNET}),
        )

        assert codes_of(evaluate([INTERNET, SIM], standing)) == [ProblemCode.ID_REJECTED]

    def test_carries_what_the_reviewer_said(self) -> None:
        sim = Fact(status=VerificationStatus.REJECTED, message="Too blurry")

        [problem] = evaluate([SIM], Standing(sim=sim)).problems

        assert (problem.status, problem.message) == (VerificationStatus.REJECTED, "Too blurry")

    def test_says_when_to_try_again_while_salesforce_is_away(self) -> None:
        verdict = evaluate([INTERNET], Standing(retry_after_s=7))

        assert [problem.retry_after_s for problem in verdict.problems] == [7]

    def test_without_a_catalogue_nothing_can_be_submitted(self) -> None:
        verdict = refuse_unread_catalogue(3)

        assert codes_of(verdict) == [ProblemCode.SOURCE_UNAVAILABLE]
        assert not verdict.can_submit
