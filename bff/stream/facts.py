"""What the stream tells: both facts of one customer, and a version that changes with what is shown of them."""

import hashlib

import msgspec

from bff.eligibility.reading import Look
from bff.eligibility.schemas import EligibilityAnswer, make_answer
from bff.texts import Texts
from sf_sync.objects.account import VerificationStatus


class VerificationBrief(msgspec.Struct, frozen=True, rename="camel"):
    status: VerificationStatus


class StatusEvent(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """Both are null while nobody can tell, because Salesforce does not answer."""

    eligibility: EligibilityAnswer | None
    verification: VerificationBrief | None


def make_status_event(look: Look, texts: Texts) -> StatusEvent:
    assessment, verification = look.assessment, look.verification
    return StatusEvent(
        eligibility=make_answer(assessment, texts) if assessment else None,
        verification=VerificationBrief(verification.status) if verification else None,
    )


def make_version(look: Look) -> str:
    """Equal for two looks that show the customer the same; when and where they were read does not count."""
    assessment = look.assessment
    shown = assessment and msgspec.structs.replace(assessment, freshness=None)
    is_stale = bool(assessment and assessment.freshness.stale and assessment.freshness.source != "portal")
    parts = msgspec.json.encode((shown, look.verification, is_stale))
    return hashlib.sha256(parts).hexdigest()[:16]
