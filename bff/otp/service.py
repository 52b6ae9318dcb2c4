"""Sending a code and taking it back.

The row is written and committed before the message is handed over: a message whose fate is unknown counts as sent, and
two never leave within a minute. Code and text live in this process's memory only, so there is nothing to send later.
"""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from uuid import UUID, uuid4

import msgspec
import structlog
from sqlalchemy.ext.asyncio import AsyncSession

from bff.adapters import Adapters
from bff.audit import record
from bff.errors import InvalidRequest
from bff.identity import Caller, CallerKind
from bff.otp.admission import admit
from bff.otp.counting import Wish
from bff.otp.keys import Binding, CodeKeys, draw_code, draw_salt, make_code_keys
from bff.otp.message import write_message
from bff.otp.proofs import digest_proof
from bff.otp.refusals import (
    CodeExpired,
    CodeNotSent,
    CodesPaused,
    CodeWrong,
    PhoneNotReachable,
)
from bff.otp.repository import NewCode, find_open, insert_code, lock_codes, replace_open, try_code
from bff.otp.rules import (
    FIRST_WAIT,
    LIFETIME,
    OF_CUSTOMERS,
    OF_MACHINES,
    OF_STAFF,
    PROOF_LIFETIME,
    Limits,
    Purpose,
    make_network,
    make_target,
    parse_code,
)
from bff.settings import Settings
from bff.sms import Sms, SmsOutcome, SmsSender
from bff.texts import Texts, find_texts
from cache.errors import CacheError

FAILURES_PER_MINUTE = 50
"""More wrong codes than this in one org are an alarm: one in a million guesses is right, whoever's number it is."""
LIMITS = {
    CallerKind.CUSTOMER: OF_CUSTOMERS,
    CallerKind.STAFF: OF_STAFF,
    CallerKind.MACHINE: OF_MACHINES,
}

log = structlog.get_logger(__name__)

ParsePhone = Callable[[str, str], str]
"""From any spelling and the region of numbers without a country to E.164; raises a `PortalError`."""


def utc_now() -> datetime:
    return datetime.now(UTC)


class Asker(msgspec.Struct, frozen=True, kw_only=True):
    """Who asks, and the network address where that says something about who it is."""

    caller: Caller
    address: str = ""


class Underway(msgspec.Struct, frozen=True, kw_only=True):
    """A code that was sent, or may have been."""

    expires_at: datetime
    resend_at: datetime


class Confirmed(msgspec.Struct, frozen=True, kw_only=True):
    """The number is in the asker's hands; `proof` says so once (`bff.otp.take_proof`)."""

    proof: str
    expires_at: datetime

    def __repr__(self) -> str:
        return "Confirmed(…)"


class OneTimeCodes:
    """One per process."""

    def __init__(
        self,
        adapters: Adapters,
        settings: Settings,
        *,
        parse_phone: ParsePhone,
        now: Callable[[], datetime] = utc_now,
    ) -> None:
        self._adapters = adapters
        self._settings = settings.codes
        self._keys: CodeKeys = make_code_keys(settings)
        self._parse_phone = parse_phone
        self._now = now

    async def send(self, asker: Asker, *, phone: str, purpose: Purpose, language: str | None) -> Underway:
        """The same answer whether anybody knows the number: nothing about it is looked up.

        Raises:
            PhoneNotAllowed, TooManyCodes, CodesPaused: no message left.
            PhoneNotReachable, CodeNotSent: nor did one here, but it counts; CodeNotSent also without any sender.
        """
        if self._adapters.sms is None:
            raise CodeNotSent
        binding = self._bind(asker, phone, purpose)
        code = self._settings.fixed_code or draw_code()
        now = self._now()
        try:
            async with self._adapters.database.transaction(binding.org_id) as session:
                org_name, wait = await self._write(session, asker, binding, code, now)
        except CodesPaused:
            await self._alarm("codes_pumped", asker.caller)
            raise
        texts = find_texts(language or asker.caller.locale)
        await self._hand_over(self._adapters.sms, binding.phone, texts, code=code, org=org_name)
        return Underway(expires_at=now + LIFETIME, resend_at=now + wait)

    async def verify(self, asker: Asker, *, phone: str, purpose: Purpose, code: str) -> Confirmed:
        """
        Raises:
            CodeWrong: it cost one of the tries.
            CodeExpired: nothing was tried, or it was the last try.
        """
        typed = parse_code(code)
        if typed is None:
            raise InvalidRequest("`code` must be six digits.")
        binding = self._bind(asker, phone, purpose)
        async with self._adapters.database.transaction(binding.org_id) as session:
            verdict = await self._try(session, binding, typed)
        # Raised after the commit: a failure that is rolled back would be a free try.
        if isinstance(verdict, Confirmed):
            return verdict
        if verdict is None:
            raise CodeExpired
        await self._count_failure(asker.caller)
        raise CodeWrong(verdict) if verdict else CodeExpired

    def _bind(self, asker: Asker, phone: str, purpose: Purpose) -> Binding:
        caller = asker.caller
        return Binding(
            org_id=caller.org_id,
            phone=self._parse_phone(phone, caller.region),
            purpose=purpose,
            actor=caller.actor,
        )

    async def _write(
        self, session: AsyncSession, asker: Asker, binding: Binding, code: str, now: datetime
    ) -> tuple[str, timedelta]:
        """The name of the org that sends, and how long the next code must wait."""
        org = await lock_codes(session, org_id=binding.org_id)
        wish = Wish(
            binding=binding,
            target=make_target(binding.phone, org.countries),
            network=make_network(asker.address),
            limits=self._choose_limits(asker.caller),
        )
        await replace_open(session, binding, at=now)
        admitted = await admit(session, wish, now)
        salt = draw_salt()
        new = NewCode(
            id=uuid4(),
            binding=binding,
            target=wish.target,
            network=wish.network,
            salt=salt,
            digest=self._keys.digest_code(binding, salt=salt, code=code),
            tries=admitted.tries,
            sent_at=now,
            expires_at=now + LIFETIME,
        )
        await insert_code(session, new)
        await _record(session, binding, "code.sent", new.id)
        return org.name, admitted.wait

    def _choose_limits(self, caller: Caller) -> Limits:
        return msgspec.structs.replace(LIMITS[caller.kind], org_hour=self._settings.per_org_per_hour)

    async def _hand_over(self, sender: SmsSender, phone: str, texts: Texts, *, code: str, org: str) -> None:
        outcome = await sender.send(Sms(phone, write_message(texts, code=code, org=org)))
        match outcome:
            case SmsOutcome.REFUSED:
                raise PhoneNotReachable
            case SmsOutcome.UNAVAILABLE:
                raise CodeNotSent(retry_after_s=int(FIRST_WAIT.total_seconds()))

    async def _try(self, session: AsyncSession, binding: Binding, code: str) -> Confirmed | int | None:
        """Confirmed, or how many tries are left, or None when there was nothing to try."""
        now = self._now()
        found = await find_open(session, binding, at=now)
        if found is None:
            return None
        proof = self._keys.make_proof(binding, code_id=found.id)
        tried = await try_code(
            session,
            org_id=binding.org_id,
            code_id=found.id,
            digest=self._keys.digest_code(binding, salt=found.salt, code=code),
            proof_digest=digest_proof(proof),
            proof_expires_at=now + PROOF_LIFETIME,
            at=now,
        )
        if tried is None:
            return None
        if not tried.is_right:
            return tried.tries_left
        await _record(session, binding, "code.entered", found.id)
        return Confirmed(proof=proof, expires_at=now + PROOF_LIFETIME)

    async def _count_failure(self, caller: Caller) -> None:
        key = f"code-failures:{caller.org_id}"
        try:
            taken = await self._adapters.limiter.take(key, limit=FAILURES_PER_MINUTE, window_s=60)
        except CacheError:
            return
        if not taken.allowed:
            await self._alarm("code_failures", caller)

    async def _alarm(self, alarm: str, caller: Caller) -> None:
        """At most once a minute for each org, since it is about floods; without Redis each time."""
        try:
            key = f"alarm:{alarm}:{caller.org_id}"
            taken = await self._adapters.limiter.take(key, limit=1, window_s=60)
        except CacheError:
            taken = None
        if taken is None or taken.allowed:
            log.error("codes_misused", alarm=alarm, org=caller.org_slug)


async def _record(session: AsyncSession, binding: Binding, action: str, code_id: UUID) -> None:
    await record(
        session,
        org_id=binding.org_id,
        actor=binding.actor,
        action=action,
        subject=f"code:{code_id}",
        detail={"purpose": binding.purpose},
    )
