"""What the stream tells: both facts of one customer, and a version of each that changes with what is shown of it."""

import asyncio
import hashlib

import msgspec

from bff.eligibility import reading as eligibility
from bff.eligibility.schemas import EligibilityAnswer
from bff.eligibility.schemas import make_answer as make_eligibility
from bff.identity import Caller
from bff.texts import DEFAULT_LANGUAGE, Texts, get_texts
from bff.verification import reading as verification
from bff.verification.schemas import VerificationAnswer
from bff.verification.schemas import make_answer as make_verification

Look = eligibility.Look | verification.Look


class Facts(msgspec.Struct, frozen=True, kw_only=True):
    """One reading of both."""

    eligibility: eligibility.Look
    verification: verification.Look

    @property
    def looks(self) -> tuple[Look, Look]:
        return self.eligibility, self.verification

    @property
    def retry_after_s(self) -> int | None:
        """Set while Salesforce cannot be read."""
        waits = [look.retry_after_s for look in self.looks if look.retry_after_s]
        return min(waits, default=None)


NOBODY_CAN_TELL = Facts(
    eligibility=eligibility.Look(seen=None, verification=None, retry_after_s=5),
    verification=verification.Look(seen=None, retry_after_s=5),
)


class FactsReader:
    """One per process. What both readings need leaves in one write to Redis."""

    def __init__(self, eligibility: eligibility.Reader, verification: verification.Reader) -> None:
        self._eligibility = eligibility
        self._verification = verification

    async def read(self, caller: Caller) -> Facts:
        both = await asyncio.gather(self._eligibility.look(caller), self._verification.look(caller))
        return Facts(eligibility=both[0], verification=both[1])


class StatusEvent(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """Each is null while nobody can tell, because Salesforce does not answer."""

    eligibility: EligibilityAnswer | None
    verification: VerificationAnswer | None


def make_status_event(facts: Facts, texts: Texts) -> StatusEvent:
    one, other = facts.eligibility.assessment, facts.verification.assessment
    return StatusEvent(
        eligibility=make_eligibility(one, texts) if one else None,
        verification=make_verification(other, texts) if other else None,
    )


def make_version(look: Look) -> str:
    """Equal for two looks that show the customer the same; when and where they were read does not count."""
    assessment, shown = look.assessment, _describe(look)
    is_stale = bool(assessment and assessment.freshness.stale and assessment.freshness.source != "portal")
    return hashlib.sha256(msgspec.json.encode((shown, is_stale))).hexdigest()[:16]


def _describe(look: Look) -> dict[str, object] | None:
    texts = get_texts(DEFAULT_LANGUAGE)
    if isinstance(look, eligibility.Look):
        answer: msgspec.Struct | None = look.assessment and make_eligibility(look.assessment, texts)
    else:
        answer = look.assessment and make_verification(look.assessment, texts)
    return {**msgspec.structs.asdict(answer), "freshness": None} if answer else None


class Version(msgspec.Struct, frozen=True):
    """As an event's id it is both, with a dot between: a page compares the one that it shows."""

    eligibility: str
    verification: str

    def __str__(self) -> str:
        return f"{self.eligibility}.{self.verification}"

    def follow(self, facts: Facts) -> "Version":
        """The next one. While nobody can tell a fact, pages keep what they show of it."""
        told = (self.eligibility, self.verification)
        return Version(
            *(
                make_version(look) if look.assessment else last
                for look, last in zip(facts.looks, told, strict=True)
            )
        )


def make_first_version(facts: Facts) -> Version:
    return Version(*(make_version(look) for look in facts.looks))
