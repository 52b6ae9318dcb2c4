"""The SOQL parser alone: date literals as ranges, and no text that it fails on other than by refusing."""

from datetime import UTC, date, datetime

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sf_sync.emulator.platform_seed import seed_platform
from sf_sync.emulator.refusals import SalesforceRefusal
from sf_sync.emulator.schema.catalogue import ENTITIES
from sf_sync.emulator.soql.engine import SoqlEngine
from sf_sync.emulator.soql.time_ranges import get_range
from sf_sync.emulator.store import Org

TODAY = date(2026, 11, 18)
"""A Wednesday."""

RANGES = [
    ("YESTERDAY", 0, "2026-11-17", "2026-11-18"),
    ("TODAY", 0, "2026-11-18", "2026-11-19"),
    ("TOMORROW", 0, "2026-11-19", "2026-11-20"),
    ("LAST_WEEK", 0, "2026-11-08", "2026-11-15"),
    ("THIS_WEEK", 0, "2026-11-15", "2026-11-22"),
    ("NEXT_WEEK", 0, "2026-11-22", "2026-11-29"),
    ("LAST_MONTH", 0, "2026-10-01", "2026-11-01"),
    ("THIS_MONTH", 0, "2026-11-01", "2026-12-01"),
    ("NEXT_MONTH", 0, "2026-12-01", "2027-01-01"),
    ("LAST_YEAR", 0, "2025-01-01", "2026-01-01"),
    ("THIS_YEAR", 0, "2026-01-01", "2027-01-01"),
    ("NEXT_YEAR", 0, "2027-01-01", "2028-01-01"),
    ("LAST_90_DAYS", 0, "2026-08-20", "2026-11-19"),
    ("NEXT_90_DAYS", 0, "2026-11-19", "2027-02-17"),
    ("LAST_N_DAYS", 3, "2026-11-15", "2026-11-19"),
    ("NEXT_N_DAYS", 3, "2026-11-19", "2026-11-22"),
    ("N_DAYS_AGO", 3, "2026-11-15", "2026-11-16"),
    ("LAST_N_WEEKS", 2, "2026-11-01", "2026-11-15"),
    ("NEXT_N_WEEKS", 2, "2026-11-22", "2026-12-06"),
    ("LAST_N_MONTHS", 2, "2026-09-01", "2026-11-01"),
    ("NEXT_N_MONTHS", 2, "2026-12-01", "2027-02-01"),
    ("LAST_N_YEARS", 2, "2024-01-01", "2026-01-01"),
    ("NEXT_N_YEARS", 2, "2027-01-01", "2029-01-01"),
]

KEYWORDS = """SELECT FROM WHERE AND OR NOT IN LIKE ORDER BY GROUP LIMIT OFFSET NULLS FIRST LAST ASC DESC null true
COUNT FIELDS ALL TODAY LAST_N_DAYS:3"""
NAMES = """Account Case Contacts Cases Id Name Owner IsDeleted CreatedDate AccountId NumberOfEmployees BillingAddress
Description"""
SIGNS = """( ) , . = != < >= ' \\ ; : 5 -1.5 'x' '001Dp0000000001IAA' 2026-11-18 2026-11-18T00:00:00Z"""
WORDS = [*KEYWORDS.split(), *NAMES.split(), *SIGNS.split(), *"(),"]


class TestDateLiterals:
    @pytest.mark.parametrize(("name", "count", "first", "after"), RANGES)
    def test_name_ranges_of_days(self, name: str, count: int, first: str, after: str) -> None:
        assert [day.isoformat() for day in get_range(name, count, TODAY)] == [first, after]


class TestEngine:
    @given(st.lists(st.sampled_from(WORDS), max_size=25), st.booleans())
    @settings(max_examples=400, deadline=None)
    def test_answers_or_refuses_any_row_of_words(self, words: list[str], started: bool) -> None:
        text = " ".join(["SELECT Id FROM Account WHERE"] * started + words)

        try:
            result = ENGINE.run(text, data_path="/services/data/v66.0")
        except SalesforceRefusal as refusal:
            assert 400 <= refusal.status < 500  # noqa: PT017 - refusing is one of two right outcomes
        else:
            assert len([result.project(row) for row in result.rows]) <= result.total

    @given(st.text(max_size=60))
    @settings(max_examples=200, deadline=None)
    def test_refuses_any_text_that_is_no_query(self, text: str) -> None:
        with pytest.raises(SalesforceRefusal):
            ENGINE.run(text, data_path="/services/data/v66.0")


def make_engine() -> SoqlEngine:
    org = Org(ENTITIES, now=lambda: datetime(2026, 11, 18, 12, tzinfo=UTC))
    seed_platform(org)
    with org.transaction(user_id=next(iter(org.tables["User"].rows))) as transaction:
        account_id = transaction.insert("Account", {"Name": "x", "BillingCity": "Tokyo"})
        transaction.insert("Case", {"AccountId": account_id})
        transaction.insert("Contact", {"AccountId": account_id, "LastName": "x"})
    return SoqlEngine(org)


ENGINE = make_engine()
