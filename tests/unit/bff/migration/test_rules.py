"""The tables of the migration's page, row by row."""

from datetime import UTC, datetime, timedelta
from uuid import uuid4

import msgspec
import pytest

from bff.legacy import LegacyRow, RowStatus
from bff.legacy.rows import parse_status
from bff.migration.phases import ORDER, NoSuchPhase, Phase, Standing, get_next, get_previous
from bff.migration.repository import make_upload_id
from bff.migration.rules import Move, Trouble, find_kind, plan_move, plan_sync
from sf_sync.objects.account import (
    AccountFacts,
    EligibilityFacts,
    EligibilityStatus,
    VerificationFacts,
    VerificationStatus,
)
from sf_sync.objects.document_transfer import Place
from tests.documents import make_heic, make_jpeg, make_pdf, make_png
from tests.tables import make_id, read_table

MOVES = read_table("migration.md", "Where a moved document goes")
SYNCS = read_table("migration.md", "When the two sides differ in a verdict")
PHASES = read_table("migration.md", "Phases")
NOON = datetime(2025, 6, 1, 12, tzinfo=UTC)
HOUR = timedelta(hours=1)
ACCOUNT_ID = "001000000000001AAA"


def make_row(status: str, *, submitted_at: datetime = NOON, reviewed_at: datetime | None = None) -> LegacyRow:
    return LegacyRow(
        id="1",
        customer="c",
        file_name="card.jpg",
        content_type="image/jpeg",
        size=10,
        status=RowStatus(status),
        note=None,
        message=None,
        submitted_at=submitted_at,
        reviewed_at=reviewed_at,
        updated_at=submitted_at,
    )


def make_account(status: str, at: datetime, *, modified_at: datetime | None = None) -> AccountFacts | None:
    if status == "gone":
        return None
    has_document = status != "nothing"
    verified_at = at if status == "verified" else None
    return AccountFacts(
        account_id=ACCOUNT_ID,
        modified_at=modified_at or at,
        eligibility=EligibilityFacts(status=EligibilityStatus.PENDING),
        verification=VerificationFacts(
            status=VerificationStatus("not_submitted" if status == "nothing" else status),
            submitted_at=at if has_document else None,
            verified_at=verified_at,
            document_id="069000000000001AAA" if has_document else None,
        ),
    )


class TestMove:
    @pytest.mark.parametrize("row", MOVES, ids=make_id)
    def test_goes_where_the_table_says(self, row: dict[str, str]) -> None:
        at = NOON + HOUR if row["newer"] == "Salesforce" else NOON - HOUR
        plan = plan_move(make_row(row["row"]), make_account(row["Salesforce has"], at))

        if row["file"] == "reported":
            assert isinstance(plan, Trouble)
            return
        assert isinstance(plan, Move)
        assert plan.place.value == row["file"]
        assert (plan.judgement is not None) == (row["status"] == "row's")
        assert plan.judgement is None or plan.judgement.status.value == row["row"]

    def test_keeps_a_verdict_that_is_younger_than_the_row_on_a_document_that_is_older(self) -> None:
        account = make_account("verified", NOON - HOUR)
        assert account is not None
        facts = msgspec.structs.replace(account.verification, verified_at=NOON + HOUR)
        plan = plan_move(make_row("submitted"), msgspec.structs.replace(account, verification=facts))

        assert isinstance(plan, Move)
        assert (plan.place, plan.judgement) == (Place.APART, None)

    def test_never_guesses_a_status(self) -> None:
        assert plan_move(make_row("unknown"), make_account("nothing", NOON)) is Trouble.STATUS
        assert {parse_status(text) for text in ("", "VERIFIED?", "ok", None)} == {RowStatus.UNKNOWN}
        assert parse_status(" Approved ") is RowStatus.VERIFIED


class TestSync:
    @pytest.mark.parametrize("row", SYNCS, ids=make_id)
    def test_goes_to_the_side_that_the_table_says(self, row: dict[str, str]) -> None:
        decided_at = None if row["table"] == "submitted" else NOON + 2 * HOUR
        newer_at = NOON + (3 * HOUR if row["newer"] == "Salesforce" else HOUR)
        account = make_account(row["Salesforce"], NOON, modified_at=newer_at)
        assert account is not None
        if row["Salesforce"] == "verified":
            facts = msgspec.structs.replace(account.verification, verified_at=newer_at)
            account = msgspec.structs.replace(account, verification=facts)

        assert plan_sync(make_row(row["table"], reviewed_at=decided_at), account) == row["what happens"]

    def test_leaves_another_document_alone(self) -> None:
        account = make_account("submitted", NOON + HOUR)
        assert account is not None
        assert plan_sync(make_row("verified"), account) == "nothing"


class TestPhase:
    @pytest.mark.parametrize("row", PHASES, ids=make_id)
    def test_does_what_the_table_says(self, row: dict[str, str]) -> None:
        phase = Phase(row["phase"])
        answers = {Standing(phase=phase, percent=percent).get_answers(ACCOUNT_ID) for percent in (0, 100)}
        standing = Standing(phase=phase)

        assert " or ".join(sorted(answers, reverse=True)) == row["status"].lower()
        assert ("table" in row["uploads"], "Salesforce" in row["uploads"]) == (
            standing.writes_table,
            standing.writes_salesforce,
        )
        assert standing.compares == (row["compared"] == "yes")

    def test_follows_the_one_before(self) -> None:
        assert [row["phase"] for row in PHASES] == [phase.value for phase in ORDER]
        for phase in (Phase.LEGACY, Phase.PURGED):
            with pytest.raises(NoSuchPhase):
                get_previous(phase)
        with pytest.raises(NoSuchPhase):
            get_next(Phase.PURGED)

    def test_ramps_an_account_once_and_for_all(self) -> None:
        accounts = [f"001{number:012d}AAA" for number in range(500)]
        answered = [
            sum(
                Standing(phase=Phase.RAMP, percent=percent).get_answers(account) == "salesforce"
                for account in accounts
            )
            for percent in (0, 10, 50, 100)
        ]

        assert answered[0] == 0
        assert answered[-1] == 500
        assert 20 <= answered[1] <= 90 < answered[2] < 400


class TestName:
    def test_is_the_same_whoever_makes_it_and_another_for_every_row(self) -> None:
        one, other = uuid4(), uuid4()

        assert make_upload_id(one, "1") == make_upload_id(one, "1")
        assert (
            len({make_upload_id(org, row, again=n) for org in (one, other) for row in "12" for n in (0, 1)})
            == 8
        )


class TestKind:
    @pytest.mark.parametrize(
        ("content", "kind"),
        [
            (make_jpeg((64, 48)), "jpeg"),
            (make_png((64, 48)), "png"),
            (make_pdf(), "pdf"),
            (make_heic((64, 48)), "heic"),
            (make_jpeg((64, 48))[:600], None),
            (make_png((64, 48))[:-12], None),
            (b"", None),
            (b"<html>", None),
        ],
    )
    def test_is_known_by_both_ends(self, content: bytes, kind: str | None) -> None:
        assert find_kind(content) == kind
