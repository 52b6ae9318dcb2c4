"""From what is known of an account to what the gate sees: the same for a page, an order and a tile."""

import asyncio
from datetime import UTC, datetime
from typing import Literal

import msgspec
import structlog

from bff.adapters import Adapters
from bff.checkout.rules import ALLOWED, Fact, Standing
from bff.eligibility import pictures as eligibility_pictures
from bff.eligibility import rules as eligibility_rules
from bff.identity import Caller
from bff.overrides import OverrideReader
from bff.verification import pictures as verification_pictures
from bff.verification import rules as verification_rules
from sf_sync.accounts import AccountNotFound, Freshness, Sighting, SourceUnavailable
from sf_sync.objects.account import (
    AccountFacts,
    EligibilityFacts,
    EligibilityStatus,
    VerificationFacts,
    VerificationStatus,
)
from sf_sync.objects.offer import ProductType

log = structlog.get_logger(__name__)

_NO_ELIGIBILITY = EligibilityFacts(status=EligibilityStatus.UNKNOWN)
_NO_VERIFICATION = VerificationFacts(status=VerificationStatus.UNKNOWN)
_NO_REQUESTS = eligibility_rules.LocalPicture()
_NO_ATTEMPTS = verification_rules.LocalPicture()


class Position(msgspec.Struct, frozen=True, kw_only=True):
    """What a customer is shown of both facts, and where and when they were read. An assessment is None when Salesforce
    cannot be read and nothing of ours tells more; `freshness` then is None too.
    """

    eligibility: eligibility_rules.Assessment | None = None
    verification: verification_rules.Assessment | None = None
    freshness: Freshness | None = None
    is_document_confirmed: bool = False
    """Salesforce itself says, not stale, that a document is submitted or verified. A replacement that waits for
    delivery takes nothing away from that."""
    overridden: frozenset[ProductType] = frozenset()
    retry_after_s: int | None = None

    @property
    def standing(self) -> Standing:
        return Standing(
            internet=_make_internet(self.eligibility),
            sim=_make_sim(self.verification, is_confirmed=self.is_document_confirmed),
            overridden=self.overridden,
            retry_after_s=self.retry_after_s,
        )


class _Parts(msgspec.Struct, frozen=True, kw_only=True):
    """What the portal itself knows."""

    requests: eligibility_rules.LocalPicture = _NO_REQUESTS
    attempts: verification_rules.LocalPicture = _NO_ATTEMPTS
    overridden: frozenset[ProductType] = frozenset()


class Positions:
    """One per process. A reading costs one round trip to Redis while everything is cached."""

    def __init__(self, adapters: Adapters, overrides: OverrideReader) -> None:
        self._account_view = adapters.account_view
        self._requests = eligibility_pictures.make_pictures(adapters)
        self._attempts = verification_pictures.make_pictures(adapters)
        self._overrides = overrides

    async def read(self, caller: Caller) -> Position:
        """For pages: may come from the cache, so it paints a button and lets nothing through."""
        # All commands leave in one write; the order does not matter, the rules sort it out.
        (sighting, retry_after_s), parts = await asyncio.gather(self._see(caller), self._read_parts(caller))
        return _join(sighting, parts, retry_after_s=retry_after_s)

    async def find_cached(self, caller: Caller) -> Position | None:
        """The same without a call to Salesforce; None when nothing fresh is cached."""
        sighting, parts = await asyncio.gather(self._find_cached(caller), self._read_parts(caller))
        return _join(sighting, parts) if sighting else None

    async def find_vouched(self, caller: Caller) -> frozenset[ProductType]:
        """What Salesforce's own check may not be asked about, because another source answers for it and allows it."""
        if caller.account_id is None:
            return frozenset()
        is_vouched = await self._account_view.is_vouched(caller.org_id, caller.account_id)
        return frozenset({ProductType.SIM}) if is_vouched else frozenset()

    async def complete(self, caller: Caller, sighting: Sighting) -> Position:
        """What Salesforce said, with what the portal knows besides."""
        told = await self._account_view.retell(caller.org_id, sighting)
        return _join(told, await self._read_parts(caller))

    async def _see(self, caller: Caller) -> tuple[Sighting | None, int | None]:
        """Nothing, and when to try again, while Salesforce cannot be read."""
        if caller.account_id is None:
            return make_unknown("portal"), None
        try:
            return await self._account_view.read(caller.org_id, caller.account_id), None
        except AccountNotFound:
            return make_unknown("salesforce"), None
        except SourceUnavailable as away:
            log.warning("account_unavailable", cause=type(away.__cause__).__name__)
            return None, away.retry_after_s

    async def _find_cached(self, caller: Caller) -> Sighting | None:
        if caller.account_id is None:
            return make_unknown("portal")
        try:
            return await self._account_view.find_cached(caller.org_id, caller.account_id)
        except AccountNotFound:
            return make_unknown("portal")

    async def _read_parts(self, caller: Caller) -> _Parts:
        if caller.account_id is None:
            return _Parts()
        requests, attempts, overridden = await asyncio.gather(
            self._requests.read(caller.org_id, caller.account_id),
            self._attempts.read(caller.org_id, caller.account_id),
            self._overrides.find_active(caller),
        )
        return _Parts(requests=requests, attempts=attempts, overridden=overridden)


def _join(sighting: Sighting | None, parts: _Parts, *, retry_after_s: int | None = None) -> Position:
    return make_position(
        sighting,
        parts.requests,
        parts.attempts,
        overridden=parts.overridden,
        retry_after_s=retry_after_s,
    )


def make_position(
    sighting: Sighting | None,
    requests: eligibility_rules.LocalPicture = _NO_REQUESTS,
    attempts: verification_rules.LocalPicture = _NO_ATTEMPTS,
    *,
    overridden: frozenset[ProductType] = frozenset(),
    retry_after_s: int | None = None,
) -> Position:
    """Without the pictures of our own part: what Salesforce alone says."""
    if sighting is None:
        return Position(
            eligibility=eligibility_rules.assess(None, requests),
            verification=verification_rules.assess(None, attempts),
            overridden=overridden,
            retry_after_s=retry_after_s,
        )
    facts, read = sighting.facts, sighting.freshness
    return Position(
        eligibility=eligibility_rules.assess(
            eligibility_rules.Seen(facts=facts.eligibility, freshness=read), requests
        ),
        verification=verification_rules.assess(
            verification_rules.Seen(facts=facts.verification, freshness=read), attempts
        ),
        freshness=read,
        is_document_confirmed=not read.stale and facts.verification.status in ALLOWED[ProductType.SIM],
        overridden=overridden,
        retry_after_s=retry_after_s,
    )


def make_unknown(source: Literal["portal", "salesforce"]) -> Sighting:
    """A customer without an account, or whose account is gone: nothing is known of them, which blocks."""
    now = datetime.now(UTC)
    facts = AccountFacts(
        account_id="", modified_at=now, eligibility=_NO_ELIGIBILITY, verification=_NO_VERIFICATION
    )
    return Sighting(facts=facts, freshness=Freshness(as_of=now, source=source))


def _make_internet(shown: eligibility_rules.Assessment | None) -> Fact | None:
    if shown is None:
        return None
    return Fact(
        status=shown.status,
        next_action=shown.next_action,
        is_stale=shown.freshness.stale,
        result=shown.result,
        message=shown.notes,
    )


def _make_sim(shown: verification_rules.Assessment | None, *, is_confirmed: bool) -> Fact | None:
    if shown is None:
        return None
    return Fact(
        status=shown.status,
        next_action=shown.next_action,
        is_stale=shown.freshness.stale and not is_confirmed,
        message=shown.rejection_message,
    )
