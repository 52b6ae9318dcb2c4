"""Pure decisions about ID verification: the tables of `docs/features/verification.md`."""

from datetime import datetime
from enum import StrEnum
from uuid import UUID

import msgspec

from bff.next_actions import NextActionCode
from bff.texts import N_
from bff.verification.refusals import AlreadyVerified, StatusUnknown
from sf_sync.accounts import Freshness
from sf_sync.objects.account import VerificationFacts, VerificationStatus

MAY_BECOME_SUBMITTED = frozenset(
    {VerificationStatus.NOT_SUBMITTED, VerificationStatus.SUBMITTED, VerificationStatus.REJECTED}
)


class Headline(StrEnum):
    """The sentence that stands for a status."""

    UPLOAD = N_("Upload your ID to order a SIM")
    SUBMITTED = N_("Submitted")
    VERIFIED = N_("Verified")
    REJECTED = N_("ID verification rejected")
    UNCONFIRMED = N_("The status cannot be confirmed right now")


class AttemptSeen(msgspec.Struct, frozen=True, kw_only=True):
    """The latest document that the portal took. `stored_at` is None until its File is confirmed."""

    id: UUID
    number: int
    shown_name: str
    size: int
    submitted_at: datetime
    stored_at: datetime | None = None


class LocalPicture(msgspec.Struct, frozen=True, kw_only=True):
    """What the portal itself knows of an account's documents and Salesforce may not know yet."""

    attempt: AttemptSeen | None = None


class Seen(msgspec.Struct, frozen=True, kw_only=True):
    """What Salesforce said, and when it was asked."""

    facts: VerificationFacts
    freshness: Freshness


class Assessment(msgspec.Struct, frozen=True, kw_only=True):
    """The one status and the one next action that every page, answer and gate shows."""

    status: VerificationStatus
    headline: Headline
    next_action: NextActionCode
    can_upload: bool
    freshness: Freshness
    file: AttemptSeen | None = None
    submitted_at: datetime | None = None
    verified_at: datetime | None = None
    rejection_message: str | None = None
    note: str | None = None


def find_open_attempt(seen: Seen | None, local: LocalPicture) -> AttemptSeen | None:
    """Our attempt while it says more than Salesforce: not stored, or stored after the reading."""
    attempt = local.attempt
    if attempt is None or (seen and seen.facts.status not in MAY_BECOME_SUBMITTED):
        return None
    if attempt.stored_at is None:
        return attempt
    return attempt if seen and seen.freshness.as_of < attempt.stored_at else None


def assess(seen: Seen | None, local: LocalPicture) -> Assessment | None:
    """None when Salesforce cannot be read and no attempt of ours tells more: then nobody knows the status."""
    attempt = find_open_attempt(seen, local)
    if attempt:
        return _assess_open_attempt(attempt)
    return _assess_facts(seen, local) if seen else None


def _assess_open_attempt(attempt: AttemptSeen) -> Assessment:
    stored_at = attempt.stored_at
    return Assessment(
        status=VerificationStatus.SUBMITTED,
        headline=Headline.SUBMITTED,
        next_action=NextActionCode.WAIT_FOR_REVIEW,
        can_upload=True,
        freshness=Freshness(
            as_of=stored_at or attempt.submitted_at,
            source="salesforce" if stored_at else "portal",
            stale=stored_at is None,
        ),
        file=attempt,
        submitted_at=attempt.submitted_at,
    )


def _assess_facts(seen: Seen, local: LocalPicture) -> Assessment:
    facts = seen.facts
    headline, next_action, can_upload = _read_status(facts.status)
    is_rejected = facts.status is VerificationStatus.REJECTED
    is_decided = is_rejected or facts.status is VerificationStatus.VERIFIED
    return Assessment(
        status=facts.status,
        headline=headline,
        next_action=next_action,
        can_upload=can_upload,
        freshness=seen.freshness,
        file=local.attempt if is_decided or facts.status is VerificationStatus.SUBMITTED else None,
        submitted_at=facts.submitted_at,
        verified_at=facts.verified_at,
        rejection_message=facts.rejection_message if is_rejected else None,
        note=facts.note if is_decided else None,
    )


def _read_status(status: VerificationStatus) -> tuple[Headline, NextActionCode, bool]:
    match status:
        case VerificationStatus.NOT_SUBMITTED:
            return Headline.UPLOAD, NextActionCode.UPLOAD_ID, True
        case VerificationStatus.SUBMITTED:
            return Headline.SUBMITTED, NextActionCode.WAIT_FOR_REVIEW, True
        case VerificationStatus.VERIFIED:
            return Headline.VERIFIED, NextActionCode.NONE, False
        case VerificationStatus.REJECTED:
            return Headline.REJECTED, NextActionCode.RESUBMIT_ID, True
        case VerificationStatus.UNKNOWN:
            return Headline.UNCONFIRMED, NextActionCode.CONTACT_SUPPORT, False


# What an account is taken for that nobody could read: the guard in Salesforce checks it before a change.
ASSUMED = VerificationFacts(status=VerificationStatus.NOT_SUBMITTED)


def plan_upload(seen: Seen | None) -> VerificationFacts:
    """The facts that a new document builds on.

    Raises:
        AlreadyVerified, StatusUnknown: no document is taken.
    """
    facts = seen.facts if seen else ASSUMED
    if facts.status is VerificationStatus.VERIFIED:
        raise AlreadyVerified
    if facts.status is VerificationStatus.UNKNOWN:
        raise StatusUnknown
    return facts


class Anew(StrEnum):
    """What becomes of a delivery whose decision is older than the account."""

    SENT_AGAIN = "sent again"
    SENT_LATER = "sent later"
    SUPERSEDED = "superseded"


def plan_anew(facts: VerificationFacts | None) -> Anew:
    """`facts` None: the account is gone. An unknown value is an operator's to mend, so the document waits."""
    if facts is None or facts.status is VerificationStatus.VERIFIED:
        return Anew.SUPERSEDED
    return Anew.SENT_LATER if facts.status is VerificationStatus.UNKNOWN else Anew.SENT_AGAIN
