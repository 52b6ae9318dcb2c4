from datetime import UTC, datetime, timedelta
from uuid import uuid4

import pytest

from bff.checkout.positions import Position, make_position, make_unknown
from bff.checkout.rules import CartLine, evaluate
from bff.verification.rules import AttemptSeen, LocalPicture
from sf_sync.accounts import Freshness, Sighting
from sf_sync.objects.account import (
    AccountFacts,
    EligibilityFacts,
    EligibilityStatus,
    VerificationFacts,
    VerificationStatus,
)
from sf_sync.objects.offer import ProductType

NOW = datetime(2025, 12, 19, 6, tzinfo=UTC)
SIM = CartLine("SIM-3G", 1, ProductType.SIM)


def look(
    status: VerificationStatus, *, is_stale: bool = False, attempt: AttemptSeen | None = None
) -> Position:
    facts = AccountFacts(
        account_id="001000000000001AAA",
        modified_at=NOW,
        eligibility=EligibilityFacts(status=EligibilityStatus.ELIGIBLE),
        verification=VerificationFacts(status=status),
    )
    freshness = Freshness(as_of=NOW, source="cache", stale=is_stale)
    return make_position(Sighting(facts=facts, freshness=freshness), attempts=LocalPicture(attempt=attempt))


def make_attempt(*, stored_after: bool | None = None) -> AttemptSeen:
    """None: it waits for delivery."""
    stored_at = None if stored_after is None else NOW + timedelta(seconds=1 if stored_after else -1)
    return AttemptSeen(
        id=uuid4(), number=2, shown_name="card.jpg", size=1, submitted_at=NOW, stored_at=stored_at
    )


def codes_of(position: Position) -> list[str]:
    return [problem.code for problem in evaluate([SIM], position.standing).problems]


class TestDocumentOnItsWay:
    @pytest.mark.parametrize("status", [VerificationStatus.NOT_SUBMITTED, VerificationStatus.REJECTED])
    def test_lets_nothing_through_before_salesforce_has_it(self, status: VerificationStatus) -> None:
        assert codes_of(look(status, attempt=make_attempt())) == ["source_unavailable"]

    @pytest.mark.parametrize("status", [VerificationStatus.NOT_SUBMITTED, VerificationStatus.REJECTED])
    def test_counts_once_salesforce_has_it(self, status: VerificationStatus) -> None:
        assert codes_of(look(status, attempt=make_attempt(stored_after=True))) == []

    def test_of_a_former_time_counts_no_more(self) -> None:
        position = look(VerificationStatus.REJECTED, attempt=make_attempt(stored_after=False))

        assert codes_of(position) == ["id_rejected"]

    def test_takes_nothing_away_from_one_that_is_under_review(self) -> None:
        assert codes_of(look(VerificationStatus.SUBMITTED, attempt=make_attempt())) == []

    def test_that_replaces_one_under_review_counts_only_on_a_fresh_reading(self) -> None:
        position = look(VerificationStatus.SUBMITTED, is_stale=True, attempt=make_attempt())

        assert codes_of(position) == ["source_unavailable"]


class TestUnknown:
    def test_a_customer_without_an_account_is_blocked(self) -> None:
        assert codes_of(make_position(make_unknown("portal"))) == ["status_unknown"]

    def test_one_whom_nobody_can_read_is_told_to_try_again(self) -> None:
        position = make_position(None, retry_after_s=4)

        [problem] = evaluate([SIM], position.standing).problems
        assert (problem.code, problem.retry_after_s) == ("source_unavailable", 4)
