"""The keys of codes and proofs, which the database does not hold (the pepper), and what is made with them."""

import hmac
import secrets
from uuid import UUID

import msgspec

from bff.otp.proofs import make_proof
from bff.otp.rules import DIGITS, Purpose
from bff.settings import Settings

SALT_BYTES = 16


class Binding(msgspec.Struct, frozen=True, kw_only=True):
    """What a code is good for: this number, for this purpose, in this org, entered by who asked for it."""

    org_id: UUID
    phone: str
    purpose: Purpose
    actor: str

    def __repr__(self) -> str:
        return f"Binding({self.purpose.value})"


class CodeKeys:
    """One per process."""

    def __init__(self, pepper: str) -> None:
        # Two keys, so that neither kind of text can ever stand for the other.
        self._codes = hmac.digest(pepper.encode(), b"one-time codes", "sha256")
        self._proofs = hmac.digest(pepper.encode(), b"proofs", "sha256")

    def digest_code(self, binding: Binding, *, salt: bytes, code: str) -> bytes:
        parts = (binding.org_id.hex, binding.phone, binding.purpose, binding.actor, code)
        return hmac.digest(self._codes, salt + "\x1f".join(parts).encode(), "sha256")

    def make_proof(self, binding: Binding, *, code_id: UUID) -> str:
        return make_proof(
            self._proofs,
            code_id=code_id,
            org_id=binding.org_id,
            purpose=binding.purpose,
            phone=binding.phone,
        )


def make_code_keys(settings: Settings) -> CodeKeys:
    """In development the secret key may stand in for the pepper (`bff.settings.messages`)."""
    return CodeKeys(settings.codes.pepper or settings.identity.secret_key)


def draw_code() -> str:
    """Each of the million alike, leading zeros too."""
    return f"{secrets.randbelow(10**DIGITS):0{DIGITS}d}"


def draw_salt() -> bytes:
    return secrets.token_bytes(SALT_BYTES)
