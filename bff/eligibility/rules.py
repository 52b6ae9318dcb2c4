"""Pure decisions about internet eligibility: the tables of `docs/features/eligibility.md`."""

from datetime import datetime
from enum import StrEnum
from uuid import UUID

import msgspec

from bff.addresses import Address, digest_address
from bff.eligibility.refusals import AddressAlreadyReviewed, AddressRequired, AlreadyEligible, StatusUnknown
from bff.next_actions import NextActionCode
from bff.texts import N_
from sf_sync.accounts import Freshness
from sf_sync.objects.account import EligibilityFacts, EligibilityStatus
from sf_sync.salesforce import MAY_BECOME_PENDING


class Headline(StrEnum):
    """The sentence that stands for a status."""

    ADD_ADDRESS = N_("Add your address to check availability")
    REQUEST_REVIEW = N_("Availability at your address has not been checked yet")
    REVIEW_IN_PROGRESS = N_("Review in progress")
    ELIGIBLE_FOR = N_("Eligible for: %(result)s")
    ELIGIBLE = N_("Internet is available at your address")
    NOT_AVAILABLE = N_("Not available")
    UNCONFIRMED = N_("The status cannot be confirmed right now")


class RequestSeen(msgspec.Struct, frozen=True, kw_only=True):
    """The latest request that the portal accepted. `opened_at` is None until its Case is confirmed."""

    id: UUID
    requested_at: datetime
    opened_at: datetime | None = None
    case_id: str | None = None
    address_digest: bytes


class LocalPicture(msgspec.Struct, frozen=True, kw_only=True):
    """What the portal itself knows about an account and Salesforce may not know yet."""

    has_address: bool = False
    request: RequestSeen | None = None


class Seen(msgspec.Struct, frozen=True, kw_only=True):
    """What Salesforce said, and when it was asked."""

    facts: EligibilityFacts
    freshness: Freshness


class Assessment(msgspec.Struct, frozen=True, kw_only=True):
    """The one status and the one next action that every page, answer and gate shows."""

    status: EligibilityStatus
    headline: Headline
    next_action: NextActionCode
    freshness: Freshness
    result: str | None = None
    requested_at: datetime | None = None
    checked_at: datetime | None = None
    notes: str | None = None
    case_id: str | None = None


def find_open_request(seen: Seen | None, local: LocalPicture) -> RequestSeen | None:
    """Our request while it says more than Salesforce: not delivered, or delivered after the reading."""
    request = local.request
    if request is None or (seen and seen.facts.status not in MAY_BECOME_PENDING):
        return None
    if request.opened_at is None:
        return request
    return request if seen and seen.freshness.as_of < request.opened_at else None


def assess(seen: Seen | None, local: LocalPicture) -> Assessment | None:
    """None when Salesforce cannot be read and no request of ours tells more: then nobody knows the status."""
    request = find_open_request(seen, local)
    if request:
        return assess_open_request(seen.facts if seen else None, request)
    return _assess_facts(seen, local) if seen else None


def assess_open_request(facts: EligibilityFacts | None, request: RequestSeen) -> Assessment:
    """What is shown while our request is all that is known of the review."""
    confirmed_at = request.opened_at
    return Assessment(
        status=EligibilityStatus.PENDING,
        headline=Headline.REVIEW_IN_PROGRESS,
        next_action=NextActionCode.WAIT_FOR_REVIEW,
        freshness=Freshness(
            as_of=confirmed_at or request.requested_at,
            source="salesforce" if confirmed_at else "portal",
            stale=confirmed_at is None,
        ),
        requested_at=(facts and facts.requested_at) or request.requested_at,
        checked_at=facts.checked_at if facts else None,
        case_id=request.case_id,
    )


def _assess_facts(seen: Seen, local: LocalPicture) -> Assessment:
    facts = seen.facts
    headline, next_action = _read_status(facts, has_address=local.has_address)
    # Result and notes are a review's outcome; while the next one runs they would speak of another address.
    is_decided = facts.status in (EligibilityStatus.ELIGIBLE, EligibilityStatus.INELIGIBLE)
    return Assessment(
        status=facts.status,
        headline=headline,
        next_action=next_action,
        freshness=seen.freshness,
        result=facts.result if is_decided else None,
        requested_at=facts.requested_at,
        checked_at=facts.checked_at,
        notes=facts.notes if is_decided else None,
        case_id=facts.case_id,
    )


def _read_status(facts: EligibilityFacts, *, has_address: bool) -> tuple[Headline, NextActionCode]:
    match facts.status:
        case EligibilityStatus.NOT_REQUESTED if has_address:
            return Headline.REQUEST_REVIEW, NextActionCode.REQUEST_REVIEW
        case EligibilityStatus.NOT_REQUESTED:
            return Headline.ADD_ADDRESS, NextActionCode.ADD_ADDRESS
        case EligibilityStatus.PENDING:
            return Headline.REVIEW_IN_PROGRESS, NextActionCode.WAIT_FOR_REVIEW
        case EligibilityStatus.ELIGIBLE:
            return Headline.ELIGIBLE_FOR if facts.result else Headline.ELIGIBLE, NextActionCode.NONE
        case EligibilityStatus.INELIGIBLE:
            return Headline.NOT_AVAILABLE, NextActionCode.CONTACT_SUPPORT
        case EligibilityStatus.UNKNOWN:
            return Headline.UNCONFIRMED, NextActionCode.CONTACT_SUPPORT


class Accept(msgspec.Struct, frozen=True):
    """Take the request: for this address, expecting the account to be as `expected` says."""

    address: Address
    expected: EligibilityFacts


class AlreadyOpen(msgspec.Struct, frozen=True):
    """A review is under way; asking again changes nothing."""


# What an account is taken for that nobody has read: the guard in Salesforce checks it before a change.
ASSUMED = EligibilityFacts(status=EligibilityStatus.NOT_REQUESTED)


def plan_request(
    seen: Seen | None, local: LocalPicture, *, address: Address | None, reviewed_digest: bytes | None
) -> Accept | AlreadyOpen:
    """What to do about a request for this address (of the body, else the one on file).

    Raises:
        AddressRequired, AlreadyEligible, AddressAlreadyReviewed, StatusUnknown: the request is refused.
    """
    facts = seen.facts if seen else ASSUMED
    if facts.status is EligibilityStatus.PENDING or find_open_request(seen, local):
        return AlreadyOpen()
    if facts.status is EligibilityStatus.ELIGIBLE:
        raise AlreadyEligible
    if facts.status is EligibilityStatus.UNKNOWN:
        raise StatusUnknown
    if address is None:
        raise AddressRequired
    if facts.status is EligibilityStatus.INELIGIBLE and digest_address(address) == reviewed_digest:
        raise AddressAlreadyReviewed
    return Accept(address, facts)


def expect_anew(
    facts: EligibilityFacts | None, *, address_digest: bytes, reviewed_digest: bytes | None
) -> EligibilityFacts | None:
    """Salesforce found the account in another state: what an accepted request may go on from, or None.

    `facts` None: the account is gone.
    """
    if facts is None or facts.status not in MAY_BECOME_PENDING:
        return None
    is_reviewed = facts.status is EligibilityStatus.INELIGIBLE and address_digest == reviewed_digest
    return None if is_reviewed else facts


def refuse_superseded(status: EligibilityStatus) -> None:
    """A request was accepted and then superseded; say why, unless a review is open after all.

    Raises:
        AlreadyEligible, AddressAlreadyReviewed, StatusUnknown.
    """
    match status:
        case EligibilityStatus.PENDING:
            return
        case EligibilityStatus.ELIGIBLE:
            raise AlreadyEligible
        case EligibilityStatus.INELIGIBLE:
            raise AddressAlreadyReviewed
        case _:
            raise StatusUnknown
