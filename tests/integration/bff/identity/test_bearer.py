import asyncio
import base64
import hashlib
import hmac
import json
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import jwt
import msgspec
import pytest
from cryptography.hazmat.primitives.asymmetric import ec, rsa

from bff.demo.people import DEMO_ORGS, DEMO_PEOPLE
from bff.errors import Unauthenticated
from bff.identity import Caller, CallerKind
from bff.identity.bearer import BearerTokens, Verdict, Verdicts
from bff.identity.development import AUDIENCE, ISSUER, KEY_ID, NotInDevelopmentError, sign_token
from bff.identity.issuers import read_issuers
from bff.identity.principals import Principals
from bff.settings import Environment, SettingsError
from tests.fixtures.portal import HANA, Portal

pytestmark = pytest.mark.asyncio

SESSION = "/api/auth/session"
DEMO = DEMO_ORGS[0]
HANA_ID = str(DEMO_PEOPLE[0].user_id)

Change = Callable[[dict[str, Any]], None]


def sign(
    portal: Portal, *, key: Any = None, algorithm: str = "ES256", header: Any = None, **claims: Any
) -> str:
    """A good token of the development issuer, but for what is given. A claim given as None is left out."""
    now = int(time.time())
    usual = {"iss": ISSUER, "aud": AUDIENCE, "sub": HANA_ID, "org": "demo", "nbf": now, "exp": now + 600}
    given = {name: claim for name, claim in {**usual, **claims}.items() if claim is not None}
    own_key = (portal.data_dir / "issuer" / "private.pem").read_bytes()
    return jwt.encode(given, key or own_key, algorithm, headers={"kid": KEY_ID, **(header or {})})


def forge(header: dict[str, Any], claims: dict[str, Any], signature: bytes = b"") -> str:
    parts = [json.dumps(header).encode(), json.dumps(claims).encode(), signature]
    return ".".join(base64.urlsafe_b64encode(part).rstrip(b"=").decode() for part in parts)


def forge_with_public_key(portal: Portal) -> str:
    """The old trick: an HMAC whose secret is the public key that everybody has."""
    head, body, _ = sign(portal).split(".")
    head = forge({"alg": "HS256", "kid": KEY_ID}, {}).split(".")[0]
    public = (portal.data_dir / "issuer" / "jwks.json").read_bytes()
    digest = hmac.digest(public, f"{head}.{body}".encode(), hashlib.sha256)
    return f"{head}.{body}.{base64.urlsafe_b64encode(digest).rstrip(b'=').decode()}"


def swap_claims(portal: Portal) -> str:
    head, _, signature = sign(portal).split(".")
    return f"{head}.{sign(portal, sub=str(DEMO_PEOPLE[1].user_id)).split('.')[1]}.{signature}"


NOW = int(time.time())
ELSE_KEY = ec.generate_private_key(ec.SECP256R1())
RSA_KEY = rsa.generate_private_key(public_exponent=65537, key_size=2048)

REFUSED: dict[str, Callable[[Portal], str]] = {
    "nothing": lambda _: "",
    "no token": lambda _: "abc",
    "two parts": lambda portal: sign(portal).rsplit(".", 1)[0],
    "four parts": lambda portal: sign(portal) + ".x",
    "too long": lambda portal: sign(portal, padding="x" * 9000),
    "not ASCII": lambda _: "é.é.é",
    "unsigned": lambda _: forge(
        {"alg": "none"}, {"iss": ISSUER, "aud": AUDIENCE, "sub": HANA_ID, "org": "demo"}
    ),
    "signature cut off": lambda portal: sign(portal).rsplit(".", 1)[0] + ".",
    "signature of another token": swap_claims,
    "signed with the public key": forge_with_public_key,
    "signed with another key": lambda portal: sign(portal, key=ELSE_KEY),
    "another algorithm": lambda portal: sign(portal, key=RSA_KEY, algorithm="RS256"),
    "unknown key id": lambda portal: sign(portal, header={"kid": "other"}),
    "key id is a path": lambda portal: sign(portal, header={"kid": "../../etc/passwd"}),
    "another key by address": lambda portal: sign(
        portal, key=ELSE_KEY, header={"jku": "https://evil.example/jwks"}
    ),
    "critical extension": lambda portal: sign(portal, header={"crit": ["b64"], "b64": True}),
    "an ID token": lambda portal: sign(portal, header={"typ": "id_token+jwt"}),
    "unknown issuer": lambda portal: sign(portal, iss="https://evil.example"),
    "no issuer": lambda portal: sign(portal, iss=None),
    "another audience": lambda portal: sign(portal, aud="another-product"),
    "no audience": lambda portal: sign(portal, aud=None),
    "expired": lambda portal: sign(portal, exp=NOW - 120),
    "no expiry": lambda portal: sign(portal, exp=None),
    "expiry is true": lambda portal: sign(portal, exp=True),
    "expiry is a number in a text": lambda portal: sign(portal, exp=str(NOW + 600)),
    "expiry is beyond all numbers": lambda portal: sign(portal, exp=10**400),
    "expiry is a text": lambda portal: sign(portal, exp="never"),
    "endless expiry": lambda portal: sign(portal, exp=float("inf")),
    "not yet": lambda portal: sign(portal, nbf=NOW + 3600),
    "no beginning": lambda portal: sign(portal, nbf=None),
    "nobody": lambda portal: sign(portal, sub=None),
    "unknown person": lambda portal: sign(portal, sub="00000000-0000-0000-0000-000000000000"),
    "person is a query": lambda portal: sign(portal, sub="' OR 1=1 --"),
    "no org": lambda portal: sign(portal, org=None),
    "another org": lambda portal: sign(portal, org="oman"),
    "org is a list": lambda portal: sign(portal, org=["demo"]),
}

ACCEPTED: dict[str, Callable[[Portal], str]] = {
    "usual": sign,
    "access token type": lambda portal: sign(portal, header={"typ": "at+jwt"}),
    "org by id": lambda portal: sign(portal, org=str(DEMO.id)),
    "one audience of several": lambda portal: sign(portal, aud=["another-product", AUDIENCE]),
    "expired within the skew": lambda portal: sign(portal, exp=int(time.time()) - 30),
    "beginning within the skew": lambda portal: sign(portal, nbf=int(time.time()) + 30),
}


async def ask(portal: Portal, token: str) -> tuple[int, dict[str, Any]]:
    async with portal.connect() as client:
        answer = await client.get(SESSION, headers={b"Authorization": b"Bearer " + token.encode()})
    return answer.status_code, answer.json()


class TestTokens:
    async def test_are_refused_without_saying_why(self, portal: Portal) -> None:
        """All in one portal, which takes longer to start than they to be refused."""
        answers = {name: await ask(portal, make(portal)) for name, make in REFUSED.items()}

        told = {name: (status, body["code"], body["detail"]) for name, (status, body) in answers.items()}
        assert len(told) >= 30
        assert set(told.values()) == {(401, "unauthenticated", "Please sign in to continue.")}, told

    async def test_are_accepted(self, portal: Portal) -> None:
        answers = {name: await ask(portal, make(portal)) for name, make in ACCEPTED.items()}

        assert {(status, body.get("email")) for status, body in answers.values()} == {(200, HANA)}, answers

    async def test_come_as_bearer_only_and_before_any_cookie(self, portal: Portal) -> None:
        async with portal.signed_in() as hana:
            for scheme in ("Basic aGFuYTpwdw==", "bearer", "Token x", ""):
                answer = await hana.get(SESSION, headers={"Authorization": scheme})
                assert answer.status_code == 401, scheme

    async def test_need_no_csrf_defence(self, portal: Portal) -> None:
        async with portal.connect({"Authorization": f"Bearer {sign(portal)}"}) as client:
            assert (await client.post("/api/auth/logout")).status_code == 204

    async def test_work_while_redis_is_away(self, portal: Portal) -> None:
        await portal.adapters.redis.close()

        assert (await ask(portal, sign(portal)))[0] == 200


def make_tokens(portal: Portal, *, now: Callable[[], float] = time.time) -> BearerTokens:
    issuers = read_issuers(portal.settings.identity.bearer_issuers_file)
    return BearerTokens(issuers, Principals(portal.adapters.database), now=now)


class TestRemembering:
    async def test_does_not_outlive_the_token(self, portal: Portal) -> None:
        clock = [time.time()]
        tokens = make_tokens(portal, now=lambda: clock[0])
        token = sign(portal, exp=int(clock[0]) + 1).encode()
        assert await tokens.verify(token)

        clock[0] += 70
        with pytest.raises(Unauthenticated):
            await tokens.verify(token)

    async def test_notices_within_a_minute_that_somebody_may_no_longer_come_in(self, portal: Portal) -> None:
        clock = [time.time()]
        tokens = make_tokens(portal, now=lambda: clock[0])
        token = sign(portal, exp=int(clock[0]) + 3600).encode()
        hana = await tokens.verify(token)
        async with portal.adapters.database.transaction(hana.org_id) as session:
            connection = await session.connection()
            await connection.exec_driver_sql("UPDATE customers SET user_id = NULL")

        assert await tokens.verify(token) == hana
        clock[0] += 61
        with pytest.raises(Unauthenticated):
            await tokens.verify(token)

    async def test_is_bounded(self, portal: Portal) -> None:
        hana = await make_tokens(portal).verify(sign(portal).encode())
        verdicts = Verdicts(limit=3)
        for number in range(10):
            verdicts.keep(b"%d" % number, Verdict(hana, 0, 1, 1))

        assert len(verdicts) == 3
        assert verdicts.find(b"9", 0) is not None
        assert verdicts.find(b"6", 0) is None


class TestMachines:
    async def test_speak_for_themselves_with_their_scopes(self, portal: Portal) -> None:
        caller = await make_tokens(portal).verify(
            sign(portal, sub="till-7", client_id="till-7", scope="customers:read customers:write").encode()
        )

        assert (caller.kind, caller.client_id, caller.actor) == (
            CallerKind.MACHINE,
            "till-7",
            "machine:till-7",
        )
        assert caller.scopes == {"customers:read", "customers:write"}

    async def test_belong_to_an_org_that_exists(self, portal: Portal) -> None:
        with pytest.raises(Unauthenticated):
            await make_tokens(portal).verify(
                sign(portal, sub="till-7", client_id="till-7", org="nowhere").encode()
            )


class TestIssuersFile:
    @pytest.mark.parametrize(
        "change",
        [
            lambda entry: entry.update(algorithm="HS256"),
            lambda entry: entry.update(algorithm="none"),
            lambda entry: entry.update(jwksUrl="https://issuer.example/jwks"),
            lambda entry: entry.pop("jwksFile"),
            lambda entry: entry.pop("audience"),
            lambda entry: entry.update(secret="x"),
            lambda entry: (entry.pop("jwksFile"), entry.update(jwksUrl="http://issuer.example/jwks")),
        ],
    )
    async def test_is_refused_at_the_start_when_it_is_unsafe(
        self, portal: Portal, tmp_path: Path, change: Change
    ) -> None:
        file = tmp_path / "odd.json"
        (entry,) = json.loads((portal.data_dir / "issuer" / "issuers.json").read_bytes())
        change(entry)
        file.write_text(json.dumps([entry]))

        with pytest.raises(SettingsError):
            read_issuers(file)

    async def test_may_bind_an_issuer_to_some_orgs(self, portal: Portal, tmp_path: Path) -> None:
        (entry,) = json.loads((portal.data_dir / "issuer" / "issuers.json").read_bytes())
        entry |= {"orgs": ["oman"], "jwksFile": str(portal.data_dir / "issuer" / "jwks.json")}
        (tmp_path / "bound.json").write_text(json.dumps([entry]))
        tokens = BearerTokens(read_issuers(tmp_path / "bound.json"), Principals(portal.adapters.database))

        with pytest.raises(Unauthenticated):
            await tokens.verify(sign(portal).encode())


class TestDevelopmentIssuer:
    async def test_signs_for_a_person(self, portal: Portal) -> None:
        hana = await Principals(portal.adapters.database).find_by_email(HANA)
        assert hana is not None

        assert (await ask(portal, sign_token(portal.settings, portal.data_dir, hana)))[0] == 200

    async def test_keeps_its_private_key_to_its_user(self, portal: Portal) -> None:
        key = portal.data_dir / "issuer" / "private.pem"

        assert key.stat().st_mode & 0o077 == 0

    async def test_signs_nothing_in_production(self, portal: Portal) -> None:
        settings = msgspec.structs.replace(portal.settings, environment=Environment.PRODUCTION)
        hana = await Principals(portal.adapters.database).find_by_email(HANA)
        assert isinstance(hana, Caller)

        with pytest.raises(NotInDevelopmentError):
            await asyncio.to_thread(sign_token, settings, portal.data_dir, hana)
