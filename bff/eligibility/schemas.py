"""The wire shapes of internet eligibility."""

from datetime import datetime
from typing import Annotated

import msgspec
from msgspec import Meta

from bff.addresses import TEXT, AddressInput
from bff.eligibility.rules import Assessment, Headline
from bff.freshness import FreshnessAnswer, make_freshness, to_seconds
from bff.next_actions import NextAction, make_next_action
from bff.texts import N_, Texts
from sf_sync.objects.account import EligibilityStatus

Sku = Annotated[str, Meta(min_length=1, max_length=80, pattern=r"^[A-Za-z0-9._-]*$")]
Notes = Annotated[str, Meta(max_length=2000, pattern=TEXT)]


class ReviewInput(msgspec.Struct, frozen=True, kw_only=True, rename="camel", forbid_unknown_fields=True):
    """What may come with a request for a review; without `address` the one on file is reviewed."""

    address: AddressInput | None = None
    sku: Sku | None = None
    notes: Notes | None = None


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
    return EligibilityAnswer(
        status=assessment.status,
        result=assessment.result,
        requested_at=to_seconds(assessment.requested_at),
        checked_at=to_seconds(assessment.checked_at),
        notes=assessment.notes,
        case_id=assessment.case_id,
        message=say_headline(assessment, texts),
        next_action=make_next_action(assessment.next_action, texts),
        freshness=make_freshness(assessment.freshness),
    )


# The results that every org begins with, as whole sentences, because a language may say them in another order.
_RESULTS = {
    "Home": N_("Eligible for: Home"),
    "Apartment": N_("Eligible for: Apartment"),
    "Office": N_("Eligible for: Office"),
}


def say_headline(assessment: Assessment, texts: Texts) -> str:
    """A result that an org has added is shown as the reviewer's list has it."""
    if assessment.result is None:
        return texts.say(assessment.headline)
    if assessment.headline is Headline.ELIGIBLE_FOR and assessment.result in _RESULTS:
        return texts.say(_RESULTS[assessment.result])
    return texts.say(assessment.headline, result=texts.isolate(assessment.result))
