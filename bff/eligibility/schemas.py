"""The wire shapes of internet eligibility."""

from datetime import datetime
from typing import Annotated, Literal

import msgspec
from msgspec import Meta

from bff.addresses import TEXT, AddressInput
from bff.eligibility.rules import Assessment
from bff.next_actions import NextAction, make_next_action
from bff.texts import Texts
from sf_sync.objects.account import EligibilityStatus

Sku = Annotated[str, Meta(min_length=1, max_length=80, pattern=r"^[A-Za-z0-9._-]*$")]
Notes = Annotated[str, Meta(max_length=2000, pattern=TEXT)]


class ReviewInput(msgspec.Struct, frozen=True, kw_only=True, rename="camel", forbid_unknown_fields=True):
    """What may come with a request for a review; without `address` the one on file is reviewed."""

    address: AddressInput | None = None
    sku: Sku | None = None
    notes: Notes | None = None


class FreshnessAnswer(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """When and where the status was read. `stale`: older than promised, shown because Salesforce is away."""

    as_of: datetime
    source: Literal["cache", "salesforce", "portal"]
    stale: bool


class EligibilityAnswer(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """The status of one customer. `result` and `notes` are a reviewer's; `requestedAt` is the first request."""

    status: EligibilityStatus
    result: str | None
    requested_at: datetime | None
    checked_at: datetime | None
    notes: str | None
    case_id: str | None
    message: str
    next_action: NextAction
    freshness: FreshnessAnswer


def make_answer(assessment: Assessment, texts: Texts) -> EligibilityAnswer:
    freshness = assessment.freshness
    return EligibilityAnswer(
        status=assessment.status,
        result=assessment.result,
        requested_at=_to_seconds(assessment.requested_at),
        checked_at=_to_seconds(assessment.checked_at),
        notes=assessment.notes,
        case_id=assessment.case_id,
        message=say_headline(assessment, texts),
        next_action=make_next_action(assessment.next_action, texts),
        freshness=FreshnessAnswer(
            as_of=freshness.as_of.replace(microsecond=0), source=freshness.source, stale=freshness.stale
        ),
    )


def say_headline(assessment: Assessment, texts: Texts) -> str:
    if assessment.result is None:
        return texts.say(assessment.headline)
    return texts.say(assessment.headline, result=assessment.result)


def _to_seconds(at: datetime | None) -> datetime | None:
    return at.replace(microsecond=0) if at else None
