"""What a right code is exchanged for: a signed text, good for one use within a few minutes.

The signature's key is outside the database, and the row of the code keeps only a SHA-256 of the whole text: who can
read the database cannot present a proof, and who can't read it cannot make one up.
"""

import base64
import hashlib
import hmac
import re
from datetime import UTC, datetime
from uuid import UUID

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

from bff.errors import PortalError
from bff.otp.rules import Purpose
from bff.texts import N_

# The id of the code and the signature, which has 256 bits.
_FORM = re.compile(r"([0-9a-f]{32})\.[A-Za-z0-9_-]{43}", re.ASCII)

TAKE = text(
    "UPDATE one_time_codes SET proof_taken_at = :at WHERE org_id = :org AND id = :id AND phone = :phone"
    " AND purpose = :purpose AND proof_digest = :digest AND proof_expires_at > :at AND proof_taken_at IS NULL"
)


class ProofRefused(PortalError):
    """Forged, too old, used before, or of another number, purpose or org: which one is nobody's business."""

    status = 422
    code = "proof_refused"
    detail = N_("This confirmation of the phone number is no longer valid. Please confirm the number again.")


async def take_proof(
    session: AsyncSession,
    proof: str,
    *,
    org_id: UUID,
    purpose: Purpose,
    phone: str,
    at: datetime | None = None,
) -> None:
    """Use the proof up, in the session's own transaction: a rollback gives it back. `phone` is E.164.

    Of several takers at once one gets it; the others wait for that one's transaction to end.

    Raises:
        ProofRefused: see there.
    """
    form = _FORM.fullmatch(proof)
    if form is None:
        raise ProofRefused
    values = {
        "org": org_id,
        "id": UUID(hex=form[1]),
        "phone": phone,
        "purpose": purpose,
        "digest": digest_proof(proof),
        "at": at or datetime.now(UTC),
    }
    if not (await session.execute(TAKE, values)).rowcount:  # type: ignore[attr-defined]
        raise ProofRefused


def make_proof(key: bytes, *, code_id: UUID, org_id: UUID, purpose: Purpose, phone: str) -> str:
    signed = "\x1f".join(("proof", code_id.hex, org_id.hex, purpose, phone))
    signature = hmac.digest(key, signed.encode(), "sha256")
    return f"{code_id.hex}.{base64.urlsafe_b64encode(signature).rstrip(b'=').decode()}"


def digest_proof(proof: str) -> bytes:
    """What is kept of it."""
    return hashlib.sha256(proof.encode()).digest()
