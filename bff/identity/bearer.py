"""Bearer tokens: verified against their issuer's keys, then remembered for a short while.

What is accepted: a JWT whose `iss` is configured, signed with that issuer's one algorithm by a key of its set, for
our audience, with `exp`, `nbf` and `sub`, in force now (60 s of clock skew allowed). `org` names the organisation by
slug or id. `sub` is the portal's user id; where it equals `client_id` (RFC 9068) a machine calls with its `scope`.
"""

import hashlib
import time
from collections import OrderedDict
from collections.abc import Callable, Mapping
from typing import Any
from uuid import UUID

import jwt
import msgspec

from bff.errors import Unauthenticated
from bff.identity.caller import Caller, CallerKind
from bff.identity.issuers import Issuer
from bff.identity.principals import Principals, make_caller

SKEW_S = 60
LONGEST = 8192
REMEMBERED = 4096
REMEMBERED_S = 60.0
"""How long a verdict is kept: a changed role, a removed person or a withdrawn key shows after at most this."""
REQUIRED = ("iss", "aud", "exp", "nbf", "sub")
TYPES = frozenset({"jwt", "at+jwt", "application/at+jwt"})


class Verdict(msgspec.Struct, frozen=True):
    caller: Caller
    not_before: float
    expires_at: float
    forget_at: float


class Verdicts:
    """The newest `limit` verdicts by the token's digest; a token itself is never kept."""

    def __init__(self, limit: int = REMEMBERED) -> None:
        self._limit = limit
        self._verdicts: OrderedDict[bytes, Verdict] = OrderedDict()

    def __len__(self) -> int:
        return len(self._verdicts)

    def find(self, digest: bytes, now: float) -> Verdict | None:
        verdict = self._verdicts.get(digest)
        return verdict if verdict and now < verdict.forget_at else None

    def keep(self, digest: bytes, verdict: Verdict) -> None:
        self._verdicts[digest] = verdict
        self._verdicts.move_to_end(digest)
        if len(self._verdicts) > self._limit:
            self._verdicts.popitem(last=False)


class BearerTokens:
    """One per process."""

    def __init__(
        self,
        issuers: Mapping[str, Issuer],
        principals: Principals,
        *,
        now: Callable[[], float] = time.time,
    ) -> None:
        self._issuers = issuers
        self._principals = principals
        self._now = now
        self._verdicts = Verdicts()

    async def verify(self, token: bytes) -> Caller:
        """The caller that the token speaks for.

        Raises:
            Unauthenticated: for any token that is not exactly as described above, without saying why.
        """
        if len(token) > LONGEST:
            raise Unauthenticated
        digest = hashlib.sha256(token).digest()
        verdict = self._verdicts.find(digest, self._now())
        if verdict is None:
            verdict = await self._verify(token)
            self._verdicts.keep(digest, verdict)
        if not verdict.not_before <= self._now() < verdict.expires_at:
            raise Unauthenticated
        return verdict.caller

    async def _verify(self, token: bytes) -> Verdict:
        try:
            claims, issuer = await self._check_signature(token)
            times = parse_instant(claims["nbf"]) - SKEW_S, parse_instant(claims["exp"]) + SKEW_S
        except (jwt.PyJWTError, ValueError) as error:
            raise Unauthenticated from error
        caller = await self._find_caller(claims, issuer)
        if caller is None:
            raise Unauthenticated
        return Verdict(caller, *times, forget_at=self._now() + REMEMBERED_S)

    async def _check_signature(self, token: bytes) -> tuple[dict[str, Any], Issuer]:
        """What the token says of itself only chooses among our issuers and their keys, never an algorithm."""
        unverified = jwt.decode_complete(token, options={"verify_signature": False})
        header, issuer_name = unverified["header"], unverified["payload"].get("iss")
        issuer = self._issuers.get(issuer_name) if isinstance(issuer_name, str) else None
        if issuer is None or str(header.get("typ", "jwt")).lower() not in TYPES or "crit" in header:
            raise Unauthenticated
        key_id = header.get("kid")
        key = await issuer.keys.find(key_id) if key_id is None or isinstance(key_id, str) else None
        if key is None:
            raise Unauthenticated
        claims: dict[str, Any] = jwt.decode(
            token,
            key,
            algorithms=[issuer.entry.algorithm],
            audience=issuer.entry.audience,
            issuer=issuer.entry.issuer,
            # Times are checked by `verify`, at each use and by the clock that it was given.
            options={
                "require": list(REQUIRED),
                "verify_exp": False,
                "verify_nbf": False,
                "verify_iat": False,
            },
        )
        return claims, issuer

    async def _find_caller(self, claims: Mapping[str, Any], issuer: Issuer) -> Caller | None:
        org_name, subject = claims.get("org"), claims["sub"]
        if not isinstance(org_name, str) or not isinstance(subject, str) or not subject:
            return None
        if claims.get("client_id") == subject:
            return await self._find_machine(org_name, subject, claims, issuer)
        try:
            user_id = UUID(subject)
        except ValueError:
            return None
        caller = await self._principals.find_by_user(user_id, org_name)
        return caller if caller and may_speak_for(issuer, caller.org_slug) else None

    async def _find_machine(
        self, org_name: str, client_id: str, claims: Mapping[str, Any], issuer: Issuer
    ) -> Caller | None:
        org = await self._principals.find_org(org_name)
        if org is None or not may_speak_for(issuer, org.slug):
            return None
        scopes = frozenset(str(claims.get("scope", "")).split())
        return make_caller(org, CallerKind.MACHINE, client_id=client_id, scopes=scopes)


def parse_instant(claim: Any) -> float:
    """JSON has texts, truths and infinity where a number of seconds is meant. Raises ValueError."""
    if isinstance(claim, bool) or not isinstance(claim, int | float) or not -1e12 < claim < 1e12:
        raise ValueError("not a number of seconds since 1970")
    return float(claim)


def may_speak_for(issuer: Issuer, org_slug: str) -> bool:
    return issuer.entry.orgs is None or org_slug in issuer.entry.orgs
