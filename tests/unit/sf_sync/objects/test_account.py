"""Account rows: exact picklist spelling, times, and nothing believed that is not there."""

from datetime import UTC, datetime
from typing import Any

import pytest
from structlog.testing import capture_logs

from sf_sync.errors import AnswerMalformed
from sf_sync.objects.account import (
    EligibilityFacts,
    EligibilityStatus,
    VerificationStatus,
    format_changes_query,
    format_guard,
    format_pending,
    get_account_fields,
    parse_account,
)
from sf_sync.settings import AccountFieldNames

NAMES = AccountFieldNames()
ACCOUNT_ID = "001p00000000abcAAA"
CASE_ID = "500p00000000abcAAA"

ODD_VALUES: list[Any] = [
    "",
    " ",
    "eligible",
    "ELIGIBLE",
    "Eligible ",
    " Eligible",
    "Eligible\n",
    "Eligible\x00",
    "Eligible;Pending",
    "eLigible",
    "Ｅligible",
    "Elіgible",
    "Éligible",
    "Eligible\u200b",
    "\u202eEligible",
    "Not requested",
    "NotRequested",
    "Not_Requested",
    "not_requested",
    "Not  Requested",
    "Not\u00a0Requested",
    "PENDING",
    "pending",
    "Pending Review",
    "Approved",
    "Yes",
    "true",
    "null",
    "None",
    "1",
    "0",
    "Unknown",
    "unknown",
    "対象",
    "مؤهل",
    "Eligible'; DROP",
    "<b>Eligible</b>",
    "x" * 10_000,
    1,
    0,
    1.5,
    True,
    False,
    [],
    ["Eligible"],
    {},
    {"value": "Eligible"},
]


def make_row(**values: Any) -> dict[str, Any]:
    row: dict[str, Any] = dict.fromkeys(get_account_fields(NAMES))
    row |= {"Id": ACCOUNT_ID, "SystemModstamp": "2025-12-19T06:15:36.000+0000"}
    return row | {getattr(NAMES, name, name): value for name, value in values.items()}


class TestAccountRow:
    def test_is_read_whole(self) -> None:
        facts = parse_account(
            make_row(
                eligibility_status="Eligible",
                eligibility_result="Home",
                eligibility_requested_at="2025-12-18T01:02:03.000+0000",
                eligibility_checked_at="2025-12-19T15:15:36.000+0900",
                eligibility_notes="2nd floor",
                eligibility_case_id=CASE_ID[:15],
                verification_status="Verified",
                verification_document_id="069p00000000abc",
            ),
            NAMES,
        )

        assert facts.account_id == ACCOUNT_ID
        assert facts.modified_at == datetime(2025, 12, 19, 6, 15, 36, tzinfo=UTC)
        assert facts.eligibility == EligibilityFacts(
            status=EligibilityStatus.ELIGIBLE,
            result="Home",
            requested_at=datetime(2025, 12, 18, 1, 2, 3, tzinfo=UTC),
            checked_at=datetime(2025, 12, 19, 6, 15, 36, tzinfo=UTC),
            notes="2nd floor",
            case_id=CASE_ID,
        )
        assert facts.verification.status is VerificationStatus.VERIFIED
        assert facts.verification.document_id == "069p00000000abcAAA"

    @pytest.mark.parametrize(
        ("spelling", "status"),
        [
            (None, "not_requested"),
            ("Not Requested", "not_requested"),
            ("Pending", "pending"),
            ("Eligible", "eligible"),
            ("Ineligible", "ineligible"),
        ],
    )
    def test_has_one_of_four_eligibilities(self, spelling: str | None, status: str) -> None:
        assert parse_account(make_row(eligibility_status=spelling), NAMES).eligibility.status == status

    @pytest.mark.parametrize(
        ("spelling", "status"),
        [
            (None, "not_submitted"),
            ("Not Submitted", "not_submitted"),
            ("Submitted", "submitted"),
            ("Verified", "verified"),
            ("Rejected", "rejected"),
        ],
    )
    def test_has_one_of_four_verifications(self, spelling: str | None, status: str) -> None:
        assert parse_account(make_row(verification_status=spelling), NAMES).verification.status == status

    @pytest.mark.parametrize("value", ODD_VALUES)
    def test_with_an_odd_status_is_unknown_and_raises_an_alarm(self, value: Any) -> None:
        with capture_logs() as logs:
            facts = parse_account(make_row(eligibility_status=value, verification_status=value), NAMES)

        assert facts.eligibility.status is EligibilityStatus.UNKNOWN
        assert facts.verification.status is VerificationStatus.UNKNOWN
        assert [(line["event"], line["log_level"]) for line in logs] == [
            ("unknown_picklist_value", "error")
        ] * 2

    def test_keeps_the_odd_value_out_of_the_log(self) -> None:
        with capture_logs() as logs:
            parse_account(make_row(eligibility_status="call Hana on 090-1234-5678"), NAMES)

        assert "Hana" not in str(logs)
        assert logs[0]["field"] == "Internet_Eligibility_Status__c"

    @pytest.mark.parametrize(
        "values",
        [
            {"Id": None},
            {"Id": "003p00000000abcAAA"},
            {"Id": "001p00000000abcAAZ"},
            {"Id": 7},
            {"SystemModstamp": None},
            {"SystemModstamp": "yesterday"},
            {"SystemModstamp": "2025-12-19T06:15:36"},
            {"SystemModstamp": 1_700_000_000},
            {"eligibility_requested_at": "2025-13-19T06:15:36.000+0000"},
            {"eligibility_requested_at": "2025-12-19"},
            {"eligibility_notes": 7},
            {"eligibility_notes": ["x"]},
            {"eligibility_case_id": {}},
        ],
    )
    def test_of_another_shape_is_refused(self, values: dict[str, Any]) -> None:
        with pytest.raises(AnswerMalformed) as refusal:
            parse_account(make_row(**values), NAMES)

        assert "yesterday" not in str(refusal.value)

    def test_without_a_field_is_refused(self) -> None:
        row = make_row()
        del row[NAMES.eligibility_status]

        with pytest.raises(AnswerMalformed, match="Internet_Eligibility_Status__c"):
            parse_account(row, NAMES)

    def test_is_read_under_the_orgs_own_field_names(self) -> None:
        names = AccountFieldNames(eligibility_status="Net_Status__c")
        row = make_row() | {"Net_Status__c": "Pending"}

        assert parse_account(row, names).eligibility.status is EligibilityStatus.PENDING


class TestPendingChange:
    AT = datetime(2026, 1, 2, 3, 4, 5, 678_900, tzinfo=UTC)

    def test_sets_the_first_request_time(self) -> None:
        expected = EligibilityFacts(status=EligibilityStatus.NOT_REQUESTED)

        assert format_pending(expected, requested_at=self.AT, case_id="@{case.id}", names=NAMES) == {
            "Internet_Eligibility_Status__c": "Pending",
            "Internet_Eligibility_Case_Id__c": "@{case.id}",
            "Internet_Eligibility_Request_Date_Time__c": "2026-01-02T03:04:05.678Z",
        }

    def test_keeps_the_first_request_time(self) -> None:
        expected = EligibilityFacts(status=EligibilityStatus.INELIGIBLE, requested_at=self.AT)

        change = format_pending(expected, requested_at=datetime.now(UTC), case_id=CASE_ID, names=NAMES)

        assert "Internet_Eligibility_Request_Date_Time__c" not in change


class TestGuard:
    def test_finds_an_account_that_never_asked(self) -> None:
        soql = format_guard(ACCOUNT_ID, EligibilityFacts(status=EligibilityStatus.NOT_REQUESTED), NAMES)

        assert soql == (
            "SELECT Id FROM Account WHERE Id = '001p00000000abcAAA' AND "
            "(Internet_Eligibility_Status__c = 'Not Requested' OR Internet_Eligibility_Status__c = null) AND "
            "Internet_Eligibility_Case_Id__c = null AND Internet_Eligibility_Request_Date_Time__c = null"
        )

    def test_finds_a_refused_account_while_it_has_the_same_case(self) -> None:
        expected = EligibilityFacts(
            status=EligibilityStatus.INELIGIBLE, case_id=CASE_ID, requested_at=datetime.now(UTC)
        )

        soql = format_guard(ACCOUNT_ID, expected, NAMES)

        assert "Internet_Eligibility_Status__c = 'Ineligible'" in soql
        assert "Internet_Eligibility_Case_Id__c IN ('500p00000000abcAAA','500p00000000abc')" in soql
        assert "Internet_Eligibility_Request_Date_Time__c != null" in soql

    def test_starts_from_no_unknown_status(self) -> None:
        with pytest.raises(ValueError, match="unknown"):
            format_guard(ACCOUNT_ID, EligibilityFacts(status=EligibilityStatus.UNKNOWN), NAMES)


class TestChangesQuery:
    SINCE = datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)

    def test_lists_what_changed_later(self) -> None:
        assert format_changes_query(self.SINCE, None, 200) == (
            "SELECT Id, SystemModstamp FROM Account WHERE SystemModstamp > 2026-01-02T03:04:05.000Z "
            "ORDER BY SystemModstamp, Id LIMIT 200"
        )

    def test_goes_on_within_one_instant(self) -> None:
        soql = format_changes_query(self.SINCE, ACCOUNT_ID, 200)

        assert (
            "(SystemModstamp > 2026-01-02T03:04:05.000Z OR "
            "(SystemModstamp = 2026-01-02T03:04:05.000Z AND Id > '001p00000000abcAAA'))"
        ) in soql
