"""The retry policy, row by row."""

import pytest

from sf_sync.client.retries import CAP_S, RetryBudget, RetryPolicy, get_allowed_retries, plan_wait_s
from sf_sync.errors import (
    AnswerMalformed,
    DuplicateValue,
    LoginRefused,
    NotFound,
    OutcomeUnknown,
    RequestLimitReached,
    RowLocked,
    SalesforceBreakerOpen,
    SalesforceError,
    SalesforceMisconfigured,
    SalesforceRefused,
    SalesforceUnavailable,
    ServerFault,
    SessionExpired,
    UntrustedAddress,
)

TABLE: list[tuple[SalesforceError, int]] = [
    (SalesforceUnavailable("timeout"), 3),
    (ServerFault("gack"), 1),
    (SalesforceBreakerOpen("open", retry_after_s=9.0), 0),
    (RowLocked(status=400), 3),
    (RequestLimitReached(concurrent=True), 2),
    (RequestLimitReached(concurrent=False), 0),
    (OutcomeUnknown("lost"), 0),
    (AnswerMalformed("shape"), 0),
    (LoginRefused("invalid_grant", ""), 0),
    (UntrustedAddress("host"), 0),
    (SalesforceMisconfigured("record type"), 0),
    (SalesforceRefused(status=400, code="STRING_TOO_LONG"), 0),
    (SessionExpired(status=401), 0),
    (DuplicateValue(), 0),
    (NotFound(status=404), 0),
]


def make_policy(reserve: float = 10.0) -> RetryPolicy:
    return RetryPolicy(RetryBudget(reserve=reserve), draw=lambda: 1.0)


class TestRetryPolicy:
    @pytest.mark.parametrize(("error", "retries"), TABLE)
    def test_repeats_as_often_as_its_table_says(self, error: SalesforceError, retries: int) -> None:
        policy = make_policy()

        waits = [
            policy.find_wait_s(error, attempt=attempt, idempotent=True, left_s=100.0) for attempt in range(5)
        ]

        assert get_allowed_retries(error) == retries
        assert [wait is not None for wait in waits] == [attempt < retries for attempt in range(5)]

    @pytest.mark.parametrize(("error", "retries"), TABLE)
    def test_never_repeats_what_is_not_idempotent(self, error: SalesforceError, retries: int) -> None:
        assert make_policy().find_wait_s(error, attempt=0, idempotent=False, left_s=100.0) is None

    def test_gives_up_when_the_wait_would_outlast_the_caller(self) -> None:
        error = SalesforceUnavailable("timeout")

        assert make_policy().find_wait_s(error, attempt=0, idempotent=True, left_s=0.5) is None
        assert make_policy().find_wait_s(error, attempt=0, idempotent=True, left_s=0.51) == 0.5

    def test_waits_as_long_as_salesforce_asks(self) -> None:
        error = SalesforceUnavailable("busy", retry_after_s=4.0)

        assert make_policy().find_wait_s(error, attempt=0, idempotent=True, left_s=9.0) == 4.0


class TestWait:
    def test_doubles_up_to_its_cap(self) -> None:
        waits = [plan_wait_s(attempt, draw=lambda: 1.0) for attempt in range(9)]

        assert waits == [0.5, 1.0, 2.0, 4.0, 8.0, 16.0, CAP_S, CAP_S, CAP_S]

    def test_is_a_random_share_of_the_whole(self) -> None:
        assert plan_wait_s(3, draw=lambda: 0.0) == 0.0
        assert plan_wait_s(3, draw=lambda: 0.25) == 1.0


class TestRetryBudget:
    def test_lets_a_tenth_of_the_calls_be_retries(self) -> None:
        budget = RetryBudget()
        retries = 0
        for _ in range(1_000):
            budget.earn()
            retries += budget.spend()

        assert 95 <= retries <= 103

    def test_saves_up_for_ten_at_most(self) -> None:
        budget = RetryBudget()
        for _ in range(10_000):
            budget.earn()

        assert sum(budget.spend() for _ in range(100)) == 10
