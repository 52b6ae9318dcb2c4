"""The SIM page as its template needs it: words and shapes for every status of the ID verification, no decision."""

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from urllib.parse import urlencode

import msgspec

from bff.errors import PortalError
from bff.portal.places import SIM
from bff.portal.views import (
    Fact,
    StatusView,
    Step,
    find_support_link,
    make_moment,
    make_steps,
    make_unreachable,
)
from bff.texts import N_, Texts
from bff.verification.inspection.findings import Quality, RefusalCode
from bff.verification.refusals import SENTENCES, PoorQuality
from bff.verification.rules import Assessment, AttemptSeen, Headline
from bff.verification.schemas import QUALITY_SENTENCES, REJECTED_GUIDANCE, find_guidance
from sf_sync.objects.account import VerificationStatus

PATH = SIM
DOCUMENT_PATH = f"{PATH}/document"
CHECK = "/api/verification/id/check"
SEND = "/api/verification/id"
ACCEPTED = ".jpg,.jpeg,.png,.heic,.heif,.pdf,image/jpeg,image/png,image/heic,image/heif,application/pdf"
FIELD = "field-file"


class UploadError(msgspec.Struct, frozen=True):
    """Why the last document was not taken. `findings`: it would be, if it were sent anyway."""

    sentence: str
    findings: tuple[str, ...] = ()


class UploadView(msgspec.Struct, frozen=True, kw_only=True):
    """`says` are the sentences of the page's script; `is_folded`: a document is under review already."""

    path: str
    check: str
    send: str
    title: str
    lead: str
    button: str
    says: Mapping[str, str]
    accepted: str = ACCEPTED
    guidance: tuple[str, ...] = ()
    error: UploadError | None = None
    is_folded: bool = False


class _Look(msgspec.Struct, frozen=True):
    tone: str
    icon: str
    explanation: str


_LABEL = N_("ID verification")
_LOOKS = {
    Headline.UPLOAD: _Look(
        "warn",
        "card",
        N_(
            "Send a photo or scan of your residence card. As soon as our team has checked it, the result appears here."
        ),
    ),
    Headline.SUBMITTED: _Look(
        "info",
        "clock",
        N_(
            "Our team is checking your document. You can order a SIM meanwhile; the result appears here by itself."
        ),
    ),
    Headline.VERIFIED: _Look(
        "good", "check", N_("Your ID is on file. You can order a SIM without sending anything again.")
    ),
    Headline.REJECTED: _Look("bad", "cross", REJECTED_GUIDANCE[0]),
    Headline.UNCONFIRMED: _Look(
        "calm",
        "question",
        N_("Nothing you sent is lost. Please contact support so that we can look into it."),
    ),
}


def make_status_view(assessment: Assessment | None, texts: Texts) -> StatusView:
    if assessment is None:
        return make_unreachable(_LABEL, Headline.UNCONFIRMED, PATH, texts)
    look = _LOOKS[assessment.headline]
    freshness = assessment.freshness
    return StatusView(
        tone=look.tone,
        icon=look.icon,
        label=texts.say(_LABEL),
        headline=texts.say(assessment.headline),
        explanation=texts.say(look.explanation),
        facts=_list_facts(assessment, texts),
        quote=_find_quote(assessment, texts),
        advice=_list_advice(assessment, texts),
        action=find_support_link(assessment.next_action, texts),
        # A document of ours that still waits is no old news: it is all there is to know.
        is_stale=freshness.stale and freshness.source != "portal",
        as_of=texts.format_moment(freshness.as_of),
    )


def _list_facts(assessment: Assessment, texts: Texts) -> tuple[Fact, ...]:
    facts = [_describe_file(assessment.file, texts)] if assessment.file else []
    moments = ((N_("Sent on"), _find_sent_at(assessment)), (N_("Verified on"), assessment.verified_at))
    facts += [make_moment(label, at, texts) for label, at in moments if at]
    if assessment.note:
        facts.append(Fact(label=texts.say(N_("Note from our team")), text=assessment.note, is_wide=True))
    return tuple(facts)


def _find_sent_at(assessment: Assessment) -> datetime | None:
    return assessment.file.submitted_at if assessment.file else assessment.submitted_at


def _describe_file(file: AttemptSeen, texts: Texts) -> Fact:
    text = f"{texts.isolate(file.shown_name)} · {texts.format_size(file.size)}"
    return Fact(label=texts.say(N_("Document")), text=text)


def _find_quote(assessment: Assessment, texts: Texts) -> Fact | None:
    if not assessment.rejection_message:
        return None
    return Fact(label=texts.say(N_("Message from the reviewer")), text=assessment.rejection_message)


def _list_advice(assessment: Assessment, texts: Texts) -> tuple[str, ...]:
    """After a rejection. The guidance's first sentence explains the status, its last leads in the form."""
    if assessment.status is not VerificationStatus.REJECTED:
        return ()
    return tuple(texts.say(sentence) for sentence in find_guidance(assessment)[1:-1])


_STEPS = (
    (N_("Send"), N_("A photo or scan of your residence card.")),
    (N_("Review"), N_("Our team checks that it is valid and readable.")),
    (N_("Done"), N_("You are verified for every SIM you order.")),
)
_STATES = {
    VerificationStatus.NOT_SUBMITTED: ("current", "next", "next"),
    VerificationStatus.SUBMITTED: ("done", "current", "next"),
    VerificationStatus.VERIFIED: ("done", "done", "done"),
    VerificationStatus.REJECTED: ("current", "failed", "next"),
}


def make_sim_steps(status: VerificationStatus | None, texts: Texts) -> tuple[Step, ...]:
    states = _STATES.get(status or VerificationStatus.UNKNOWN, ("next",) * 3)
    return make_steps(_STEPS, states, texts)


_FORM_WORDS = {
    VerificationStatus.NOT_SUBMITTED: (
        N_("Send your document"),
        N_("It is encrypted on its way and seen by our review team only."),
        N_("Send for review"),
    ),
    VerificationStatus.SUBMITTED: (
        N_("Replace file"),
        N_("The new file takes the place of the one under review."),
        N_("Replace file"),
    ),
    VerificationStatus.REJECTED: (
        N_("Send a new document"),
        REJECTED_GUIDANCE[-1],
        N_("Resubmit"),
    ),
}
_SAYS = {
    "none": N_("Please choose a file first."),
    "empty": SENTENCES[RefusalCode.EMPTY],
    "type": SENTENCES[RefusalCode.TYPE],
    "large": SENTENCES[RefusalCode.TOO_LARGE],
    "checking": N_("Checking the document …"),
    "ready": N_("Looks good. You can send it now."),
    "unchecked": N_("Ready to be sent."),
    "sending": N_("Sending …"),
    "storing": N_("Almost done …"),
    "cancelled": N_("Stopped. Nothing was sent."),
    "failed": N_("The connection broke. Nothing was sent; please try again."),
}
_AGAIN = N_("You can send another at %(time)s.")


def make_upload(
    assessment: Assessment | None,
    texts: Texts,
    *,
    csrf: str,
    context: str,
    path: str = DOCUMENT_PATH,
    error: UploadError | None = None,
) -> UploadView | None:
    """None where no document is taken. `path` is where the form goes without a script; `error` is why the last document
    was not taken.
    """
    if assessment is None or not assessment.can_upload:
        return None
    title, lead, button = _FORM_WORDS[assessment.status]
    guidance = find_guidance(assessment) if assessment.status is VerificationStatus.NOT_SUBMITTED else ()
    return UploadView(
        path=f"{path}?{urlencode({'csrf': csrf, 'context': context})}",
        check=CHECK,
        send=f"{SEND}?{urlencode({'context': context})}",
        title=texts.say(title),
        lead=texts.say(lead),
        button=texts.say(button),
        says={key: texts.say(text) for key, text in _SAYS.items()}
        | {"again": texts.say(_AGAIN, time="{time}")},
        guidance=tuple(texts.say(sentence) for sentence in guidance),
        error=error,
        is_folded=assessment.status is VerificationStatus.SUBMITTED,
    )


def make_upload_error(refusal: PortalError, texts: Texts, *, now: datetime | None = None) -> UploadError:
    """The sentence of the refusal, and when it is worth trying again, where that is known."""
    sentence = texts.say(refusal.sentence)
    if refusal.retry_after_s:
        at = (now or datetime.now(UTC)) + timedelta(seconds=refusal.retry_after_s)
        sentence = f"{sentence} {texts.say(_AGAIN, time=texts.format_time(at))}"
    if not isinstance(refusal, PoorQuality):
        return UploadError(sentence)
    return UploadError(sentence, tuple(_say_finding(finding, texts) for finding in refusal.findings))


def _say_finding(finding: Quality, texts: Texts) -> str:
    return texts.say(QUALITY_SENTENCES[finding])
