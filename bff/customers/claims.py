"""Claim links: their tokens, and the rows that make each good for one use."""

import base64
import binascii
import hashlib
import hmac
import secrets
from datetime import datetime
from uuid import UUID, uuid4

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

from bff.customers.refusals import ClaimRefused

_SECRET_BYTES, _SIGNATURE_BYTES = 16, 16
TOKEN_LENGTH = 64
"""Base64url of the org's id, 128 random bits and half of an HMAC-SHA-256, 48 bytes together."""

INSERT = text(
    "INSERT INTO customer_claims (org_id, id, customer_id, token_hash, created_at, created_by, expires_at)"
    " VALUES (:org, :id, :customer, :hash, :at, :actor, :expires_at)"
)
# Of several who use a link at once one gets the row; the others wait, and then find it used.
TAKE = text(
    "UPDATE customer_claims SET used_at = :at WHERE org_id = :org AND token_hash = :hash AND used_at IS NULL"
    " AND expires_at > :at RETURNING customer_id"
)
# A number that staff have unlinked may be another person's by now.
LIST_UNCLAIMED = text(
    "SELECT c.id FROM customers AS c LEFT JOIN users AS u ON u.id = c.user_id WHERE c.org_id = :org"
    " AND c.phone = :phone AND c.status = 'active' AND u.registered_at IS NULL"
    " AND NOT EXISTS (SELECT FROM phone_links AS l WHERE l.org_id = :org AND l.customer_id = c.id"
    "  AND l.phone = :phone AND NOT l.is_live) ORDER BY c.created_at, c.id LIMIT 2"
)


class ClaimTokens:
    """The signature refuses what we never gave before the database is asked, and says which org to ask in."""

    def __init__(self, secret_key: str) -> None:
        self._key = hashlib.sha256(b"claim:" + secret_key.encode()).digest()

    def make(self, org_id: UUID) -> str:
        signed = org_id.bytes + secrets.token_bytes(_SECRET_BYTES)
        return base64.urlsafe_b64encode(signed + self._sign(signed)).decode()

    def read_org(self, token: str) -> UUID:
        """
        Raises:
            ClaimRefused: the token is none of ours.
        """
        try:
            raw = base64.b64decode(token.encode("ascii"), altchars=b"-_", validate=True)
        except (UnicodeEncodeError, binascii.Error) as error:
            raise ClaimRefused from error
        signed, signature = raw[:-_SIGNATURE_BYTES], raw[-_SIGNATURE_BYTES:]
        if len(token) != TOKEN_LENGTH or not hmac.compare_digest(signature, self._sign(signed)):
            raise ClaimRefused
        return UUID(bytes=signed[:16])

    def _sign(self, signed: bytes) -> bytes:
        return hmac.digest(self._key, signed, "sha256")[:_SIGNATURE_BYTES]


def hash_claim(token: str) -> bytes:
    """What is kept of it: who reads the database cannot use it."""
    return hashlib.sha256(token.encode()).digest()


async def insert_claim(
    session: AsyncSession,
    *,
    org_id: UUID,
    customer_id: UUID,
    token: str,
    actor: str,
    at: datetime,
    expires_at: datetime,
) -> None:
    values = {"org": org_id, "id": uuid4(), "customer": customer_id, "hash": hash_claim(token), "at": at}
    await session.execute(INSERT, values | {"actor": actor, "expires_at": expires_at})


async def take_claim(session: AsyncSession, *, org_id: UUID, token: str, at: datetime) -> UUID:
    """The customer that the link is for; the link is used up in the session's own transaction.

    Raises:
        ClaimRefused
    """
    values = {"org": org_id, "hash": hash_claim(token), "at": at}
    found: UUID | None = (await session.execute(TAKE, values)).scalar_one_or_none()
    if found is None:
        raise ClaimRefused
    return found


async def list_unclaimed(session: AsyncSession, *, org_id: UUID, phone: str) -> list[UUID]:
    """Active customers with this number who belong to nobody that registered; at most two of them."""
    return list((await session.execute(LIST_UNCLAIMED, {"org": org_id, "phone": phone})).scalars())
