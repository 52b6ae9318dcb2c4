"""Looking at one customer's verification: what Salesforce says, with what the portal knows besides."""

from datetime import UTC, datetime
from typing import Literal

import msgspec

from bff.errors import SourceUnavailable
from bff.identity import Caller
from bff.pictures import Pictures
from bff.verification.rules import Assessment, LocalPicture, Seen, assess
from sf_sync.accounts import AccountNotFound, AccountView, Freshness
from sf_sync.accounts import SourceUnavailable as AccountUnavailable
from sf_sync.objects.account import VerificationFacts, VerificationStatus

_NOTHING_KNOWN = VerificationFacts(status=VerificationStatus.UNKNOWN)


class Look(msgspec.Struct, frozen=True, kw_only=True):
    """One reading. While Salesforce cannot be read `seen` is None and `retry_after_s` is set."""

    seen: Seen | None
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
            return Look(seen=None, retry_after_s=away.retry_after_s)
        return Look(seen=Seen(facts=sighting.facts.verification, freshness=sighting.freshness))


def _look_at_nothing(source: Literal["portal", "salesforce"]) -> Look:
    return Look(seen=Seen(facts=_NOTHING_KNOWN, freshness=Freshness(as_of=datetime.now(UTC), source=source)))
