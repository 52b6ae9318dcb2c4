"""Looking at one customer's account: what Salesforce says, with what the portal knows besides."""

from datetime import UTC, datetime
from typing import Literal, NamedTuple

import msgspec
import structlog

from bff.eligibility.rules import Assessment, LocalPicture, Seen, assess
from bff.errors import SourceUnavailable
from bff.identity import Caller
from bff.pictures import Pictures
from cache.leased import Reading, StartedRead
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


class StartedLook(NamedTuple):
    """The two halves of a look, on their way."""

    account: StartedRead
    picture: StartedRead


class RawLook(NamedTuple):
    """What a look found, as it is kept: equal ones say the same. Without `reading` Salesforce could not be read."""

    reading: Reading | None
    retry_after_s: int | None
    picture: bytes | None


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
        started = self.start(caller)
        return await self.interpret(caller, await self.finish(started) if started else None)

    def start(self, caller: Caller) -> StartedLook | None:
        """Begin a look, to be ended by `finish`; None when there is no account to look at."""
        if caller.account_id is None:
            return None
        # All commands leave in one write; the order does not matter (`rules.find_open_request` sorts them out).
        try:
            account = self._account_view.start(caller.org_id, caller.account_id)
        except AccountNotFound:
            return None
        return StartedLook(account, self._pictures.start(caller.org_id, caller.account_id))

    async def finish(self, started: StartedLook) -> RawLook:
        try:
            reading, retry_after_s = await self._account_view.finish(started.account), None
        except AccountUnavailable as away:
            reading, retry_after_s = None, _tell_unavailable(away)
        return RawLook(reading, retry_after_s, await self._pictures.finish_raw(started.picture))

    async def interpret(self, caller: Caller, raw: RawLook | None) -> Look:
        """What such bytes say about this caller's account."""
        if raw is None or caller.account_id is None:
            return _look_at_nothing("salesforce" if caller.account_id else "portal")
        local = self._pictures.interpret(raw.picture)
        if raw.reading is None:
            return Look(seen=None, verification=None, retry_after_s=raw.retry_after_s, local=local)
        try:
            look = make_look(await self._account_view.interpret(raw.reading, caller.account_id))
        except AccountNotFound:
            look = _look_at_nothing("salesforce")
        except AccountUnavailable as away:
            look = Look(seen=None, verification=None, retry_after_s=_tell_unavailable(away))
        return msgspec.structs.replace(look, local=local)

    async def look_at_facts(self, caller: Caller) -> Look:
        """Without the portal's own part. A customer without an account, or whose account is gone, reads as unknown."""
        if caller.account_id is None:
            return _look_at_nothing("portal")
        try:
            sighting = await self._account_view.read(caller.org_id, caller.account_id)
        except AccountNotFound:
            return _look_at_nothing("salesforce")
        except AccountUnavailable as away:
            return Look(seen=None, verification=None, retry_after_s=_tell_unavailable(away))
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


def _tell_unavailable(away: AccountUnavailable) -> int:
    log.warning("account_unavailable", cause=str(away.__cause__) or type(away.__cause__).__name__)
    return away.retry_after_s


def _look_at_nothing(source: Literal["portal", "salesforce"]) -> Look:
    freshness = Freshness(as_of=datetime.now(UTC), source=source)
    return Look(seen=Seen(facts=_NO_ELIGIBILITY, freshness=freshness), verification=_NO_VERIFICATION)
