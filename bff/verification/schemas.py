"""The wire shapes of ID verification."""

from dataclasses import dataclass
from datetime import datetime
from typing import Literal
from uuid import UUID

import msgspec
from litestar.openapi.spec import OpenAPIMediaType, OpenAPIType, Operation, RequestBody, Schema

from bff.freshness import FreshnessAnswer, make_freshness, to_seconds
from bff.next_actions import NextAction, make_next_action
from bff.texts import N_, Texts
from bff.verification.inspection.findings import Quality
from bff.verification.repository import Attempt
from bff.verification.rules import Assessment, AttemptSeen
from sf_sync.objects.account import VerificationFacts, VerificationStatus

GUIDANCE = (
    N_("Make sure all corners of the card are visible."),
    N_("Make sure the text is readable: sharp, bright and without glare."),
    N_("Make sure the document is not expired."),
)
REJECTED_GUIDANCE = (
    N_("Your ID verification was rejected. Please upload a new, clear photo or scan of your residence card."),
    *GUIDANCE,
    N_("After you resubmit, review will restart."),
)

QUALITY_SENTENCES = {
    Quality.SMALL: N_("The picture is small. Move closer, so that the card fills the frame."),
    Quality.DARK: N_("The picture is dark. Take it in brighter light."),
    Quality.BLURRY: N_("The picture is blurry. Hold still and let the camera focus."),
}


MULTIPART = "multipart/form-data"
UPLOAD = Schema(
    type=OpenAPIType.OBJECT,
    required=["file"],
    properties={
        "file": Schema(
            type=OpenAPIType.STRING,
            content_media_type="application/octet-stream",
            description="JPEG, PNG, HEIC or PDF of at most 10 MiB, with a name that ends accordingly.",
        ),
        "sendAnyway": Schema(type=OpenAPIType.STRING, enum=["true", "false"]),
    },
    additional_properties=False,
)


@dataclass
class UploadOperation(Operation):
    """The body of an upload is read as it comes, past the framework, which therefore cannot describe it."""

    def __post_init__(self) -> None:
        self.request_body = RequestBody(content={MULTIPART: OpenAPIMediaType(schema=UPLOAD)}, required=True)


class FileAnswer(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """The document submitted last. `size` in bytes, as it was sent."""

    name: str
    size: int
    submitted_at: datetime


class VerificationAnswer(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """The status of one customer; `guidance` says what a good picture needs while one is asked for."""

    status: VerificationStatus
    file: FileAnswer | None
    submitted_at: datetime | None
    verified_at: datetime | None
    rejection_message: str | None
    note: str | None
    guidance: list[str]
    can_upload: bool
    message: str
    next_action: NextAction
    freshness: FreshnessAnswer


class AttemptAnswer(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """One submitted document. `verdict` is a reviewer's, about this very document."""

    id: UUID
    number: int
    name: str
    size: int
    kind: str
    sha256: str
    state: Literal["waiting", "delivered", "superseded", "refused"]
    submitted_at: datetime
    delivered_at: datetime | None
    version_id: str | None
    verdict: str | None
    message: str | None


class AttemptList(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """Newest first."""

    items: list[AttemptAnswer]
    next_cursor: str | None = None


class QualityFinding(msgspec.Struct, frozen=True):
    code: Quality
    message: str


class QualityAnswer(msgspec.Struct, frozen=True):
    """What a reviewer would complain about. Nothing was stored."""

    findings: list[QualityFinding]


def make_answer(assessment: Assessment, texts: Texts) -> VerificationAnswer:
    return VerificationAnswer(
        status=assessment.status,
        file=_make_file(assessment.file),
        submitted_at=to_seconds(assessment.submitted_at),
        verified_at=to_seconds(assessment.verified_at),
        rejection_message=assessment.rejection_message,
        note=assessment.note,
        guidance=[texts.say(sentence) for sentence in find_guidance(assessment)],
        can_upload=assessment.can_upload,
        message=texts.say(assessment.headline),
        next_action=make_next_action(assessment.next_action, texts),
        freshness=make_freshness(assessment.freshness),
    )


def make_attempts(attempts: list[Attempt], facts: VerificationFacts | None) -> AttemptList:
    return AttemptList(items=[_make_attempt(attempt, facts) for attempt in attempts])


def make_quality(quality: tuple[Quality, ...], texts: Texts) -> QualityAnswer:
    return QualityAnswer([QualityFinding(code, texts.say(QUALITY_SENTENCES[code])) for code in quality])


def find_guidance(assessment: Assessment) -> tuple[str, ...]:
    """What a good picture needs, in the source language; nothing while none is asked for."""
    match assessment.status:
        case VerificationStatus.REJECTED:
            return REJECTED_GUIDANCE
        case VerificationStatus.NOT_SUBMITTED:
            return GUIDANCE
        case _:
            return ()


def _make_file(attempt: AttemptSeen | None) -> FileAnswer | None:
    if attempt is None:
        return None
    submitted_at = attempt.submitted_at.replace(microsecond=0)
    return FileAnswer(name=attempt.shown_name, size=attempt.size, submitted_at=submitted_at)


def _make_attempt(attempt: Attempt, facts: VerificationFacts | None) -> AttemptAnswer:
    """A verdict that stands on the account now is shown with the attempt it is about before it becomes history."""
    verdict, message = attempt.verdict, attempt.verdict_message
    is_current = facts is not None and attempt.version_id is not None
    if verdict is None and is_current and facts and facts.submitted_version_id == attempt.version_id:
        verdict, message = _read_verdict(facts)
    return AttemptAnswer(
        id=attempt.id,
        number=attempt.number,
        name=attempt.shown_name,
        size=attempt.size,
        kind=attempt.kind,
        sha256=attempt.sha256,
        state=attempt.state,  # type: ignore[arg-type]
        submitted_at=attempt.submitted_at.replace(microsecond=0),
        delivered_at=to_seconds(attempt.settled_at) if attempt.state == "delivered" else None,
        version_id=attempt.version_id,
        verdict=verdict,
        message=message,
    )


def _read_verdict(facts: VerificationFacts) -> tuple[str | None, str | None]:
    match facts.status:
        case VerificationStatus.VERIFIED:
            return facts.status.value, facts.note
        case VerificationStatus.REJECTED:
            return facts.status.value, facts.rejection_message
        case _:
            return None, None
