from datetime import UTC, datetime, timedelta
from uuid import UUID

import pytest

from bff.errors import PortalError
from bff.verification.rules import (
    Assessment,
    AttemptSeen,
    LocalPicture,
    Seen,
    assess,
    find_open_attempt,
    plan_anew,
    plan_upload,
)
from sf_sync.accounts import Freshness
from sf_sync.objects.account import VerificationFacts, VerificationStatus
from tests.tables import make_id, read_table

READ_AT = datetime(2025, 12, 19, 6, 0, tzinfo=UTC)
STORED_AT = {
    "waiting": None,
    "stored before": READ_AT - timedelta(minutes=1),
    "stored after": READ_AT + timedelta(minutes=1),
}
MESSAGE, NOTE = "The photo is blurry.", "Checked."


def expand(rows: list[dict[str, str]]) -> list[dict[str, str]]:
    """One row for each of our attempts that `*` stands for."""
    attempts = ["none", *STORED_AT]
    return [
        {**row, "our attempt": attempt}
        for row in rows
        for attempt in (attempts if row["our attempt"] == "*" else [row["our attempt"]])
    ]


def make_seen(status: str) -> Seen | None:
    if status == "unreachable":
        return None
    facts = VerificationFacts(status=VerificationStatus(status), rejection_message=MESSAGE, note=NOTE)
    return Seen(facts=facts, freshness=Freshness(as_of=READ_AT, source="cache"))


def make_attempt(kind: str) -> AttemptSeen | None:
    if kind == "none":
        return None
    return AttemptSeen(
        id=UUID(int=1),
        number=1,
        shown_name="card.jpg",
        size=1000,
        submitted_at=READ_AT - timedelta(minutes=2),
        stored_at=STORED_AT[kind],
    )


def look(row: dict[str, str]) -> Assessment | None:
    return assess(make_seen(row["Salesforce"]), LocalPicture(attempt=make_attempt(row["our attempt"])))


class TestAssess:
    @pytest.mark.parametrize(
        "row", expand(read_table("verification.md", "What the customer is shown")), ids=make_id
    )
    def test_shows_what_the_table_says(self, row: dict[str, str]) -> None:
        assessment = look(row)

        if row["status"].startswith("503"):
            assert assessment is None
            return
        assert assessment is not None
        assert assessment.status == row["status"]
        assert assessment.next_action == row["next action"]
        assert assessment.can_upload is (row["upload"] == "yes")
        assert assessment.headline == row["headline"]

    @pytest.mark.parametrize(
        ("status", "message", "note"),
        [
            ("not_submitted", None, None),
            ("submitted", None, None),
            ("verified", None, NOTE),
            ("rejected", MESSAGE, NOTE),
            ("unknown", None, None),
        ],
    )
    def test_shows_a_reviewers_words_with_their_verdict_only(
        self, status: str, message: str | None, note: str | None
    ) -> None:
        assessment = assess(make_seen(status), LocalPicture())

        assert assessment is not None
        assert (assessment.rejection_message, assessment.note) == (message, note)

    def test_says_that_a_waiting_document_is_known_to_the_portal_alone(self) -> None:
        assessment = assess(make_seen("rejected"), LocalPicture(attempt=make_attempt("waiting")))

        assert assessment is not None
        assert (assessment.freshness.source, assessment.freshness.stale) == ("portal", True)


class TestUpload:
    @pytest.mark.parametrize("row", read_table("verification.md", "What an upload does"), ids=make_id)
    def test_is_answered_as_the_table_says(self, row: dict[str, str]) -> None:
        status, _, code = row["answer"].partition(" ")
        seen = make_seen(row["Salesforce"])

        if status == "202":
            assert plan_upload(seen).status in {"not_submitted", "submitted", "rejected"}
            return
        with pytest.raises(PortalError) as refused:
            plan_upload(seen)
        assert (str(refused.value.status), refused.value.code) == (status, code)

    @pytest.mark.parametrize(
        "row",
        read_table("verification.md", "When Salesforce finds the account in another state"),
        ids=make_id,
    )
    def test_is_planned_anew_as_the_table_says(self, row: dict[str, str]) -> None:
        now = row["Salesforce now"]
        seen = None if now == "gone" else make_seen(now)

        assert plan_anew(seen.facts if seen else None) == row["delivery"]


def test_an_attempt_tells_nothing_once_a_verdict_is_there() -> None:
    verified = make_seen("verified")

    assert find_open_attempt(verified, LocalPicture(attempt=make_attempt("stored after"))) is None
