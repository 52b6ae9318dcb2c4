"""The wire shapes of one-time codes."""

from datetime import datetime
from typing import Annotated, Literal

import msgspec
from msgspec import Meta

from bff.otp.rules import DIGITS, Purpose
from bff.otp.service import Confirmed, Underway

# No control characters; what follows the dollar sign keeps out a last line break, which Python's would let in.
PhoneText = Annotated[str, Meta(min_length=1, max_length=64, pattern=r"^[^\x00-\x1f\x7f]+$(?!\n)")]
# Digits of any script; the framework's patterns are Unicode's.
CodeText = Annotated[str, Meta(min_length=DIGITS, max_length=DIGITS, pattern=rf"^\d{{{DIGITS}}}$")]


class CodeRequest(msgspec.Struct, frozen=True, kw_only=True, rename="camel", forbid_unknown_fields=True):
    """`phone` in any spelling; without a country code it is the org's. `language` of the message, else the caller's."""

    phone: PhoneText
    purpose: Purpose
    language: Literal["en", "ar", "ja"] | None = None


class CodeEntry(msgspec.Struct, frozen=True, kw_only=True, rename="camel", forbid_unknown_fields=True):
    """`phone` and `purpose` as they were when the code was asked for."""

    phone: PhoneText
    purpose: Purpose
    code: CodeText


class CodeUnderway(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """A code is on its way. Before `resendAt` there is no other one to this number."""

    expires_at: datetime
    resend_at: datetime


class PhoneConfirmed(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """`proof` goes with the call that needs a proven number, once and before `expiresAt`."""

    proof: str
    expires_at: datetime


def make_underway(underway: Underway) -> CodeUnderway:
    return CodeUnderway(
        expires_at=underway.expires_at.replace(microsecond=0),
        resend_at=underway.resend_at.replace(microsecond=0),
    )


def make_confirmed(confirmed: Confirmed) -> PhoneConfirmed:
    return PhoneConfirmed(proof=confirmed.proof, expires_at=confirmed.expires_at.replace(microsecond=0))
