"""Looking at one customer's account: what Salesforce says, with what the portal knows besides."""

from datetime import UTC, datetime
from typing import Literal

import msgspec
import structlog

from bff.eligibility.rules import Assessment, LocalPicture, Seen, assess
from bff.errors import SourceUnavailable
from bff.identity import Caller
from bff.pictures import Pictures
from sf_sync.accounts import AccountNotFound, AccountView, Freshness, Sighting
from sf_sync.accounts import SourceUnavailable as AccountUnavailable
from sf_sync.objects.account import (
    EligibilityFacts,
    EligibilityStatus,
    VerificationFacts,
    VerificationStatus,
)

log = structlog.get_logger(__name__)

_NO_ELIGIBILITY = EligibilityFacts(status=EligibilityStatus.UNKNOWN)
_NO_VERIFICATION = VerificationFacts(status=VerificationStatus.UNKNOWN)


class Look(msgspec.Struct, frozen=True, kw_only=True):
    """One reading. While Salesforce cannot be read `seen` and `verification` are None and `retry_after_s` is set."""

    seen: Seen | None
    verification: VerificationFacts | None
    retry_after_s: int | None = None
    local: LocalPicture = LocalPicture()

    @property
    def assessment(self) -> Assessment | None:
        return assess(self.seen, self.local)


class Reader:
    """One per process. A look costs one round trip to Redis while both halves are cached."""

    def __init__(self, account_view: AccountView, pictures: Pictures[LocalPicture]) -> None:
        self._account_view = account_view
        self._pictures = pictures

    async def get_assessment(self, caller: Caller) -> Assessment:
        """
        Raises:
            SourceUnavailable: nobody knows the status at the moment.
        """
        look = await self.look(caller)
        if assessment := look.assessment:
            return assessment
        raise SourceUnavailable(retry_after_s=look.retry_after_s)

    async def look(self, caller: Caller) -> Look:
        if caller.account_id is None:
            return _look_at_nothing("portal")
        # All commands leave in one write; the order does not matter (`rules.find_open_request` sorts them out).
        started = self._pictures.start(caller.org_id, caller.account_id)
        facts = await self.look_at_facts(caller)
        return msgspec.structs.replace(facts, local=await self._pictures.finish(started))

    async def look_at_facts(self, caller: Caller) -> Look:
        """Without the portal's own part. A customer without an account, or whose account is gone, reads as unknown."""
        if caller.account_id is None:
            return _look_at_nothing("portal")
        try:
            sighting = await self._account_view.read(caller.org_id, caller.account_id)
        except AccountNotFound:
            return _look_at_nothing("salesforce")
        except AccountUnavailable as away:
            log.warning("account_unavailable", cause=str(away.__cause__) or type(away.__cause__).__name__)
            return Look(seen=None, verification=None, retry_after_s=away.retry_after_s)
        return make_look(sighting)

    async def look_before_request(self, caller: Caller, account_id: str) -> Look:
        """What a decision about a request starts from; None of it may be known.

        An account that never asked and is not cached is not read first: the call that opens the Case looks at it
        anyway, so a request costs one call to Salesforce and not two.
        """
        try:
            if sighting := await self._account_view.find_cached(caller.org_id, account_id):
                return make_look(sighting)
        except AccountNotFound:
            return _look_at_nothing("salesforce")
        local = await self._pictures.read(caller.org_id, account_id)
        if local.request is None:
            return Look(seen=None, verification=None)
        return await self.look_at_facts(caller)


def make_look(sighting: Sighting) -> Look:
    seen = Seen(facts=sighting.facts.eligibility, freshness=sighting.freshness)
    return Look(seen=seen, verification=sighting.facts.verification)


def _look_at_nothing(source: Literal["portal", "salesforce"]) -> Look:
    freshness = Freshness(as_of=datetime.now(UTC), source=source)
    return Look(seen=Seen(facts=_NO_ELIGIBILITY, freshness=freshness), verification=_NO_VERIFICATION)
