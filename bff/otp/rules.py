"""What a code is for, how it is read, and whether one may be sent now."""

import unicodedata
from collections.abc import Sequence
from datetime import datetime, timedelta
from enum import StrEnum
from ipaddress import IPv6Address, IPv6Network, ip_address

import msgspec
import phonenumbers
from phonenumbers import PhoneNumberType

from bff.otp.refusals import CodesPaused, PhoneNotAllowed, TooManyCodes

DIGITS, TRIES = 6, 3
LIFETIME, PROOF_LIFETIME = timedelta(minutes=5), timedelta(minutes=10)
FIRST_WAIT = timedelta(seconds=60)
"""Between two codes to a number; doubled by each code that nobody entered."""
HOUR, DAY = timedelta(hours=1), timedelta(days=1)

LATEST, LEAST_SHARE = 50, 0.2
"""When of so many codes a smaller share was entered, somebody pumps messages rather than signs in."""
LINE_DIGITS = 4
"""A block is a number without its last four digits: 10,000 neighbours, which are rented out together."""

TEXTABLE = frozenset({PhoneNumberType.MOBILE, PhoneNumberType.FIXED_LINE_OR_MOBILE})


class Purpose(StrEnum):
    """A code and its proof are good for this alone."""

    REGISTRATION = "registration"
    LOGIN = "login"
    VERIFICATION = "verification"
    CLAIM = "claim"


class Limits(msgspec.Struct, frozen=True, kw_only=True):
    """How many codes leave at most. None is no limit."""

    phone_hour: int = 5
    phone_day: int = 10
    block_hour: int = 10
    network_hour: int | None = 20
    caller_hour: int | None = 10
    org_hour: int = 1000
    failures_phone_day: int = 10
    failures_caller_day: int | None = 20


OF_CUSTOMERS = Limits()
OF_STAFF = Limits(network_hour=None, caller_hour=60, failures_caller_day=None)
"""A till stands behind one address and serves many."""
OF_MACHINES = Limits(network_hour=None, caller_hour=None, failures_caller_day=None)
"""One client speaks for everybody: numbers, blocks and the org bound it."""


class Sent(msgspec.Struct, frozen=True, kw_only=True):
    """A code of the last day. `spent` counts the wrong tries and those that it may still cost."""

    sent_at: datetime
    is_entered: bool
    spent: int


class Window(msgspec.Struct, frozen=True, kw_only=True):
    """`full_since`: when the code that fills the window was sent, the limit-th newest in it. None: it is not full."""

    length: timedelta
    full_since: datetime | None


class Crowd(msgspec.Struct, frozen=True, kw_only=True):
    """The latest codes to numbers that belong together."""

    sent: int
    entered: int
    newest_at: datetime | None

    @property
    def is_pumped(self) -> bool:
        return self.sent >= LATEST and self.entered < LEAST_SHARE * self.sent


class Target(msgspec.Struct, frozen=True, kw_only=True):
    """A number that codes may be sent to. `block` has 10,000 neighbours."""

    phone: str
    block: str
    country: str

    def __repr__(self) -> str:
        return f"Target({self.country})"


def parse_code(typed: str) -> str | None:
    """Six plain digits, from digits of any script or width; None for anything else."""
    digits = [unicodedata.decimal(sign, None) for sign in typed]
    if len(digits) != DIGITS or None in digits:
        return None
    return "".join(str(digit) for digit in digits)


def make_target(phone: str, countries: Sequence[str]) -> Target:
    """
    Raises:
        PhoneNotAllowed: a country that the org does not send to, or a line that takes no messages or is paid for them.
    """
    number = phonenumbers.parse(phone, None)
    country = phonenumbers.region_code_for_number(number)
    if country is None or country not in countries or phonenumbers.number_type(number) not in TEXTABLE:
        raise PhoneNotAllowed
    return Target(phone=phone, block=phone[:-LINE_DIGITS], country=country)


def make_network(address: str) -> str | None:
    """What one subscriber has: an IPv4 address, or the /64 of an IPv6 address. None when the address is not known."""
    if not address:
        return None
    parsed = ip_address(address)
    if isinstance(parsed, IPv6Address):
        return str(IPv6Network((parsed, 64), strict=False))
    return str(parsed)


def plan_tries(to_phone: Sequence[Sent], by_caller: Sequence[Sent], limits: Limits, now: datetime) -> int:
    """How many tries a code sent now has: at most three, and no more than number and caller have left of the day's
    failures. Both are of the last day, newest first.

    Raises:
        TooManyCodes: with the seconds until it makes sense to ask again.
    """
    left = limits.failures_phone_day - sum(sent.spent for sent in to_phone)
    if limits.failures_caller_day is not None:
        left = min(left, limits.failures_caller_day - sum(sent.spent for sent in by_caller))
    if left <= 0:
        oldest = min(sent.sent_at for sent in (*to_phone, *by_caller) if sent.spent)
        raise TooManyCodes(retry_after_s=_to_wait_s(oldest + DAY - now))
    return min(TRIES, left)


def check_windows(windows: Sequence[Window], now: datetime) -> None:
    """Raises TooManyCodes with the seconds until the last of the full windows lets one more through."""
    waits = [window.full_since + window.length - now for window in windows if window.full_since]
    if waits:
        raise TooManyCodes(retry_after_s=_to_wait_s(max(waits)))


def check_wait(to_phone: Sequence[Sent], now: datetime) -> None:
    """Raises TooManyCodes while the wait after the newest code lasts."""
    if to_phone and now < (ready_at := to_phone[0].sent_at + get_wait(to_phone)):
        raise TooManyCodes(retry_after_s=_to_wait_s(ready_at - now))


def get_wait(to_phone: Sequence[Sent]) -> timedelta:
    """After the newest of these codes: a minute, doubled by each one before it that nobody entered."""
    unanswered = 0
    for sent in to_phone:
        if sent.is_entered:
            break
        unanswered += 1
    return FIRST_WAIT * (1 << max(0, unanswered - 1))


def check_crowd(crowd: Crowd, now: datetime) -> None:
    """A crowd that is pumped gets one code each time the newest has had its five minutes: if those are entered, the
    share recovers.

    Raises:
        CodesPaused: with the seconds until the next such code.
    """
    if crowd.is_pumped and crowd.newest_at and now < (ready_at := crowd.newest_at + LIFETIME):
        raise CodesPaused(retry_after_s=_to_wait_s(ready_at - now))


def _to_wait_s(wait: timedelta) -> int:
    return max(1, -(-wait // timedelta(seconds=1)))
