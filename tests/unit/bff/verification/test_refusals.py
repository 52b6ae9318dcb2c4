"""The page about ID verification names every refusal of a document."""

from collections.abc import Iterator

from bff.errors import PortalError, TooManyRequests, Unauthenticated
from bff.verification.intake.receive import Limits, Pace
from bff.verification.intake.refusals import IntakeRefused
from bff.verification.quota import Quota
from bff.verification.refusals import DocumentNotTaken, VerificationRefusal
from tests.tables import read_table

ROWS = {row["code"]: row for row in read_table("verification.md", "Why a document is refused")}
ABSTRACT = {VerificationRefusal, IntakeRefused, DocumentNotTaken}


def list_below(kind: type[PortalError]) -> Iterator[type[PortalError]]:
    yield kind
    for below in kind.__subclasses__():
        yield from list_below(below)


def test_the_table_has_each_code_with_its_status() -> None:
    refusals = [Unauthenticated, TooManyRequests, *list_below(VerificationRefusal)]
    statuses = {refusal.code: str(refusal.status) for refusal in refusals if refusal not in ABSTRACT}

    assert {code: row["answer"] for code, row in ROWS.items()} == statuses


def test_the_table_has_the_limits_that_hold() -> None:
    quota, limits, pace = Quota(), Limits(), Pace()

    assert f"{quota.per_hour} documents were taken in an hour, or {quota.per_day} in a day" in when(
        "too_many_uploads"
    )
    assert f"{quota.bodies_per_hour} bodies" in when("too_many_requests")
    assert f"{limits.document_bytes >> 20} MiB" in when("body_too_large")
    assert f"{limits.wrapping_bytes >> 10} KiB" in when("body_too_large")
    assert f"{pace.chunk_s:.0f} s, less than {pace.bytes_per_s / 1024:.0f} KiB" in when("upload_too_slow")
    assert f"after {pace.grace_s:.0f} s, or not all within {pace.total_s:.0f} s" in when("upload_too_slow")


def when(code: str) -> str:
    return ROWS[code]["when"]
