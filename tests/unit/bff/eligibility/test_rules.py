from datetime import UTC, datetime, timedelta
from uuid import UUID

import pytest

from bff.addresses import Address, digest_address
from bff.eligibility.rules import (
    Accept,
    AlreadyOpen,
    Assessment,
    LocalPicture,
    RequestSeen,
    Seen,
    assess,
    expect_anew,
    find_open_request,
    plan_request,
    refuse_superseded,
)
from bff.errors import PortalError
from sf_sync.accounts import Freshness
from sf_sync.objects.account import EligibilityFacts, EligibilityStatus
from tests.tables import make_id, read_table

READ_AT = datetime(2025, 12, 19, 6, 0, tzinfo=UTC)
ADDRESS = Address(street="1-2-3 Jingumae", city="Tokyo", country="JP")
OTHER_ADDRESS = Address(street="4-5-6 Umeda", city="Osaka", country="JP")
REQUESTS = {
    "none": None,
    "waiting": None,
    "opened before": READ_AT - timedelta(minutes=1),
    "opened after": READ_AT + timedelta(minutes=1),
}


def expand(rows: list[dict[str, str]], column: str, values: list[str]) -> list[dict[str, str]]:
    """One row for each value that `*` stands for."""
    return [
        {**row, column: value} for row in rows for value in (values if row[column] == "*" else [row[column]])
    ]


def make_seen(text: str) -> Seen | None:
    status, _, result = text.partition(", ")
    if status in ("unreachable", "not read"):
        return None
    facts = EligibilityFacts(status=EligibilityStatus(status), result=result or None, notes="a note")
    return Seen(facts=facts, freshness=Freshness(as_of=READ_AT, source="cache"))


def make_request(text: str) -> RequestSeen | None:
    if text == "none":
        return None
    return RequestSeen(
        id=UUID(int=1),
        requested_at=READ_AT - timedelta(minutes=2),
        opened_at=REQUESTS[text],
        case_id="500000000000001AAA" if REQUESTS[text] else None,
        address_digest=digest_address(ADDRESS),
    )


def make_picture(request: str, *, address: str = "yes") -> LocalPicture:
    return LocalPicture(has_address=address == "yes", request=make_request(request))


SHOWN = expand(
    expand(read_table("eligibility.md", "What the customer is shown"), "address on file", ["yes", "no"]),
    "our request",
    list(REQUESTS),
)
ASKED = expand(
    expand(read_table("eligibility.md", "What a request for a review does"), "our request", list(REQUESTS)),
    "address",
    ["given", "reviewed", "missing"],
)
REPEATED = expand(
    read_table("eligibility.md", "When Salesforce finds the account in another state"),
    "address",
    ["given", "reviewed"],
)


def answer_request(seen: Seen | None, local: LocalPicture, address: Address | None) -> str:
    try:
        plan = plan_request(seen, local, address=address, reviewed_digest=digest_address(ADDRESS))
    except PortalError as refusal:
        return f"{refusal.status} {refusal.code}"
    return "200 already open" if isinstance(plan, AlreadyOpen) else "202 accepted"


def answer_superseded(status: EligibilityStatus) -> str:
    try:
        refuse_superseded(status)
    except PortalError as refusal:
        return f"{refusal.status} {refusal.code}"
    return "200 already open"


def get_assessment(seen: Seen | None, local: LocalPicture) -> Assessment:
    assessment = assess(seen, local)
    assert assessment is not None
    return assessment


class TestAssess:
    @pytest.mark.parametrize("row", SHOWN, ids=make_id)
    def test_shows_what_the_table_says(self, row: dict[str, str]) -> None:
        seen = make_seen(row["Salesforce"])

        shown = assess(seen, make_picture(row["our request"], address=row["address on file"]))

        if row["status"].startswith("503"):
            assert shown is None
            return
        assert shown is not None
        assert (shown.status, shown.next_action) == (row["status"], row["next action"])
        assert shown.headline % {"result": shown.result} == row["headline"]

    def test_keeps_the_first_request_time_while_a_later_request_waits(self) -> None:
        first = READ_AT - timedelta(days=30)
        facts = EligibilityFacts(status=EligibilityStatus.INELIGIBLE, requested_at=first)
        seen = Seen(facts=facts, freshness=Freshness(as_of=READ_AT, source="cache"))

        assert get_assessment(seen, make_picture("waiting")).requested_at == first

    def test_shows_our_own_request_time_until_salesforce_has_one(self) -> None:
        request = make_request("waiting")

        shown = get_assessment(None, LocalPicture(request=request))

        assert request is not None
        assert shown.requested_at == request.requested_at
        assert shown.freshness == Freshness(as_of=request.requested_at, source="portal", stale=True)

    def test_a_confirmed_case_counts_as_read_from_salesforce(self) -> None:
        shown = get_assessment(make_seen("not_requested"), make_picture("opened after"))

        assert shown.case_id == "500000000000001AAA"
        assert shown.freshness == Freshness(as_of=READ_AT + timedelta(minutes=1), source="salesforce")

    @pytest.mark.parametrize("status", ["pending", "unknown", "not_requested"])
    def test_hides_notes_and_result_of_an_earlier_review(self, status: str) -> None:
        shown = get_assessment(make_seen(f"{status}, Home"), make_picture("none"))

        assert (shown.result, shown.notes) == (None, None)

    @pytest.mark.parametrize("status", ["eligible", "ineligible"])
    def test_shows_the_notes_of_a_decision(self, status: str) -> None:
        assert get_assessment(make_seen(status), make_picture("none")).notes == "a note"


class TestPlanRequest:
    @pytest.mark.parametrize("row", ASKED, ids=make_id)
    def test_answers_as_the_table_says(self, row: dict[str, str]) -> None:
        seen = make_seen(row["Salesforce"])
        address = {"given": OTHER_ADDRESS, "reviewed": ADDRESS, "missing": None}[row["address"]]

        answer = answer_request(seen, make_picture(row["our request"]), address)

        assert answer == row["answer"]

    def test_expects_the_account_as_it_was_read(self) -> None:
        seen = make_seen("ineligible")

        plan = plan_request(
            seen, LocalPicture(), address=OTHER_ADDRESS, reviewed_digest=digest_address(ADDRESS)
        )

        assert seen is not None
        assert plan == Accept(OTHER_ADDRESS, seen.facts)

    def test_assumes_nothing_was_requested_while_salesforce_is_away(self) -> None:
        plan = plan_request(None, LocalPicture(), address=ADDRESS, reviewed_digest=None)

        assert plan == Accept(ADDRESS, EligibilityFacts(status=EligibilityStatus.NOT_REQUESTED))


class TestExpectAnew:
    @pytest.mark.parametrize("row", REPEATED, ids=make_id)
    def test_decides_again_as_the_table_says(self, row: dict[str, str]) -> None:
        seen = make_seen("unknown" if row["Salesforce now"] == "gone" else row["Salesforce now"])
        facts = seen.facts if seen and row["Salesforce now"] != "gone" else None
        address = ADDRESS if row["address"] == "reviewed" else OTHER_ADDRESS

        again = expect_anew(
            facts, address_digest=digest_address(address), reviewed_digest=digest_address(ADDRESS)
        )

        assert again == (facts if row["delivery"] == "sent again" else None)


class TestRefuseSuperseded:
    @pytest.mark.parametrize("row", [row for row in REPEATED if row["delivery"] == "superseded"], ids=make_id)
    def test_says_what_holds_now(self, row: dict[str, str]) -> None:
        now = "unknown" if row["Salesforce now"] == "gone" else row["Salesforce now"]

        assert answer_superseded(EligibilityStatus(now)) == row["answer, where it comes at once"]


class TestFindOpenRequest:
    def test_a_decision_in_salesforce_outranks_a_waiting_request(self) -> None:
        assert find_open_request(make_seen("eligible, Home"), make_picture("waiting")) is None
