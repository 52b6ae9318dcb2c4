"""One effect per Idempotency-Key: the first answer is stored with the effect and replayed to every repetition."""

import hashlib
import re
from collections.abc import Awaitable, Callable
from typing import Annotated, Any
from uuid import UUID

import msgspec
from litestar.params import HeaderParameter
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

from bff.errors import IdempotencyKeyReused, InvalidRequest

_KEY = re.compile(r"[\x21-\x7e]{1,200}")

IdempotencyKey = Annotated[
    str | None,
    HeaderParameter(name="Idempotency-Key", min_length=1, max_length=200, pattern=r"^[\x21-\x7e]+$"),
]

# A concurrent transaction with the same key makes this INSERT wait until that one ends: after its commit nothing
# is inserted and its answer is read; after its rollback the row is ours.
INSERT = text(
    "INSERT INTO idempotency_keys (org_id, actor, key, digest) VALUES (:org, :actor, :key, :digest)"
    " ON CONFLICT (org_id, actor, key) DO NOTHING"
)
READ = text(
    "SELECT digest, status, answer FROM idempotency_keys WHERE org_id = :org AND actor = :actor AND key = :key"
)
FINISH = text(
    "UPDATE idempotency_keys SET status = :status, answer = :answer"
    " WHERE org_id = :org AND actor = :actor AND key = :key"
)
FORGET = text("DELETE FROM idempotency_keys WHERE created_at < now() - make_interval(secs => :age_s)")

KEEP_S = 7 * 24 * 3600


class Answer(msgspec.Struct, frozen=True, kw_only=True):
    """What is sent again: status and finished JSON. `replayed` tells a repetition from the first time."""

    status: int
    body: bytes
    replayed: bool = False


def parse_idempotency_key(header: str | None) -> str | None:
    """None when the header is absent.

    Raises:
        InvalidRequest: for anything but 1 to 200 visible ASCII characters.
    """
    if header is None:
        return None
    if not _KEY.fullmatch(header):
        raise InvalidRequest("Idempotency-Key must be 1 to 200 visible ASCII characters.")
    return header


def make_digest(*parts: Any) -> bytes:
    """Of what makes two requests the same request: route, path parameters, decoded body."""
    return hashlib.sha256(msgspec.json.encode(parts, order="deterministic")).digest()


async def replay_or_run(
    session: AsyncSession,
    *,
    org_id: UUID,
    actor: str,
    key: str | None,
    digest: bytes,
    run: Callable[[], Awaitable[Answer]],
) -> Answer:
    """Run once per (org, actor, key), in the session's transaction; concurrent repetitions wait for the first.

    What `run` writes and the stored answer commit together, so a refusal that it raises stores nothing and the key
    may be tried again. Without a key it simply runs.

    Raises:
        IdempotencyKeyReused: the key came before with another digest.
    """
    if key is None:
        return await run()
    row = {"org": org_id, "actor": actor, "key": key}
    inserted = await session.execute(INSERT, {**row, "digest": digest})
    if not inserted.rowcount:  # type: ignore[attr-defined]
        return await _replay(session, row, digest)
    answer = await run()
    await session.execute(FINISH, {**row, "status": answer.status, "answer": answer.body})
    return answer


async def _replay(session: AsyncSession, row: dict[str, Any], digest: bytes) -> Answer:
    stored = (await session.execute(READ, row)).one()
    if stored.digest != digest:
        raise IdempotencyKeyReused
    return Answer(status=stored.status, body=stored.answer, replayed=True)


async def forget_old_keys(session: AsyncSession, *, age_s: float = KEEP_S) -> None:
    """Within the session's org."""
    await session.execute(FORGET, {"age_s": age_s})
