"""HTTP in and out of ID verification."""

from typing import Annotated, Any, Literal

from litestar import Request, get, post
from litestar.di import NamedDependency
from litestar.params import FromQuery, QueryParameter

from bff.errors import InvalidRequest, TooManyRequests
from bff.identity import Caller, requires_customer
from bff.problems import problems
from bff.texts import find_texts
from bff.verification.examination import Body
from bff.verification.intake.refusals import NotMultipart, UploadMalformed, UploadTooLarge, UploadTooSlow
from bff.verification.refusals import (
    NOT_TAKEN,
    AlreadyVerified,
    DocumentInfected,
    DocumentNotTaken,
    QuotaUsedUp,
    StatusUnknown,
)
from bff.verification.schemas import (
    MULTIPART,
    AttemptList,
    QualityAnswer,
    UploadOperation,
    VerificationAnswer,
    make_answer,
    make_attempts,
    make_quality,
)
from bff.verification.service import Verification

# Our own count refuses at 10 MiB of document; this is the backstop behind it.
LARGEST_UPLOAD = 11 * 1024 * 1024
REFUSALS = problems(
    UploadMalformed,
    UploadTooLarge,
    UploadTooSlow,
    NotMultipart,
    AlreadyVerified,
    StatusUnknown,
    DocumentNotTaken,
    DocumentInfected,
    QuotaUsedUp,
    TooManyRequests,
    *NOT_TAKEN.values(),
)
AN_UPLOAD: dict[str, Any] = {
    "guards": [requires_customer],
    "responses": REFUSALS,
    "opt": {"accepts": MULTIPART},
    "operation_class": UploadOperation,
    "request_max_body_size": LARGEST_UPLOAD,
    "tags": ["verification"],
}
"""What every route is told that takes a document."""

Context = Annotated[Literal["account", "checkout"], QueryParameter(description="The page it was sent from")]


@get("/api/verification/id", guards=[requires_customer], tags=["verification"])
async def show_verification(
    caller: NamedDependency[Caller], verification: NamedDependency[Verification]
) -> VerificationAnswer:
    """The customer's ID verification: one status, one next action, and what a good picture needs."""
    assessment = await verification.reader.get_assessment(caller)
    return make_answer(assessment, find_texts(caller.locale))


@post("/api/verification/id", status_code=202, **AN_UPLOAD)
async def submit_document(
    request: Request[Any, Any, Any],
    caller: NamedDependency[Caller],
    verification: NamedDependency[Verification],
    context: FromQuery[Context] = "account",
) -> VerificationAnswer:
    """Send a document as the multipart field `file`; it replaces the one under review."""
    assessment = await verification.submit(caller, make_body(request), context=context)
    return make_answer(assessment, find_texts(caller.locale))


@post("/api/verification/id/check", status_code=200, **AN_UPLOAD)
async def check_document(
    request: Request[Any, Any, Any],
    caller: NamedDependency[Caller],
    verification: NamedDependency[Verification],
) -> QualityAnswer:
    """Before sending: would this document be taken, and what would a reviewer complain about? Nothing is kept."""
    examined = await verification.check(caller, make_body(request))
    return make_quality(examined.inspected.quality, find_texts(caller.locale))


@get("/api/verification/id/attempts", guards=[requires_customer], tags=["verification"])
async def list_attempts(
    caller: NamedDependency[Caller], verification: NamedDependency[Verification]
) -> AttemptList:
    """Every document that was sent, newest first, with the verdict on each."""
    return make_attempts(*await verification.list_attempts(caller))


def make_body(request: Request[Any, Any, Any]) -> Body:
    """Raises InvalidRequest. Nothing of the body is read here."""
    length = request.headers.get("content-length")
    if length is not None and not (length.isascii() and length.isdecimal()):
        raise InvalidRequest
    return Body(
        chunks=request.stream(),
        content_type=request.headers.get("content-type", ""),
        content_length=int(length) if length is not None else None,
    )
