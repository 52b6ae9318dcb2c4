"""Access tokens: one sign-in for all, and never a loop of refreshes."""

import asyncio

import jwt
import msgspec
import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa

from sf_sync.client.tokens import JWT_BEARER, REFUSAL_REST_S, Token, TokenSource, make_login_form, parse_token
from sf_sync.client.wire import RawAnswer
from sf_sync.errors import (
    AnswerMalformed,
    LoginRefused,
    SalesforceError,
    SalesforceUnavailable,
    SessionExpired,
    UntrustedAddress,
)
from sf_sync.settings import SalesforceSettings, Secret

URL = "https://acme.my.salesforce.com"
SETTINGS = SalesforceSettings(url=URL, login_url=URL, client_id="portal-bff", client_secret=Secret("s3cret"))
ORG_ID = "00Dp00000000abcEAA"


class Desk:
    """A token endpoint in the test's hand: counts the sign-ins and answers when told to."""

    def __init__(self) -> None:
        self.signed_in = 0
        self.failure: SalesforceError | None = None
        self.open = asyncio.Event()
        self.open.set()

    async def sign_in(self) -> Token:
        self.signed_in += 1
        await self.open.wait()
        if self.failure is not None:
            raise self.failure
        return Token(secret=Secret(f"token {self.signed_in}"), instance_url=URL, org_id=ORG_ID)


class Clock:
    now = 0.0

    def __call__(self) -> float:
        return self.now


@pytest.mark.asyncio
class TestTokenSource:
    async def test_signs_in_once_for_all_who_wait(self) -> None:
        desk = Desk()
        source = TokenSource(desk.sign_in)

        tokens = await asyncio.gather(*(source.get() for _ in range(500)))

        assert desk.signed_in == 1
        assert len(set(map(id, tokens))) == 1

    async def test_signs_in_again_once_for_all_who_were_refused(self) -> None:
        desk = Desk()
        source = TokenSource(desk.sign_in)
        old = await source.get()
        source.praise(old)

        tokens = await asyncio.gather(*(source.renew(old) for _ in range(500)))

        assert desk.signed_in == 2
        assert {token.secret.reveal() for token in tokens} == {"token 2"}

    async def test_gives_late_comers_the_token_that_is_there(self) -> None:
        desk = Desk()
        source = TokenSource(desk.sign_in)
        old = await source.get()
        source.praise(old)
        new = await source.renew(old)

        assert await source.renew(old) is new
        assert desk.signed_in == 2

    async def test_does_not_renew_a_token_that_never_worked(self) -> None:
        clock, desk = Clock(), Desk()
        source = TokenSource(desk.sign_in, clock=clock)
        token = await source.get()

        for _ in range(10):
            with pytest.raises(SessionExpired):
                await source.renew(token)
        assert desk.signed_in == 1

        clock.now += REFUSAL_REST_S
        await source.renew(token)
        assert desk.signed_in == 2

    async def test_tells_everybody_of_a_failure_and_then_tries_again(self) -> None:
        desk = Desk()
        desk.failure = SalesforceUnavailable("down")
        source = TokenSource(desk.sign_in)

        outcomes = await asyncio.gather(*(source.get() for _ in range(50)), return_exceptions=True)
        desk.failure = None

        assert all(isinstance(outcome, SalesforceUnavailable) for outcome in outcomes)
        assert desk.signed_in == 1
        assert (await source.get()).org_id == ORG_ID

    async def test_rests_after_a_refused_sign_in(self) -> None:
        clock, desk = Clock(), Desk()
        desk.failure = LoginRefused("invalid_grant", "user hasn't approved this consumer")
        source = TokenSource(desk.sign_in, clock=clock)
        for _ in range(10):
            with pytest.raises(LoginRefused):
                await source.get()
        assert desk.signed_in == 1

        clock.now += REFUSAL_REST_S
        desk.failure = None

        assert (await source.get()).org_id == ORG_ID

    async def test_keeps_the_sign_in_when_its_first_caller_leaves(self) -> None:
        desk = Desk()
        desk.open.clear()
        source = TokenSource(desk.sign_in)
        first, second = asyncio.create_task(source.get()), asyncio.create_task(source.get())
        await asyncio.sleep(0)

        first.cancel()
        await asyncio.sleep(0)
        desk.open.set()

        assert (await second).org_id == ORG_ID
        assert desk.signed_in == 1


class TestLoginForm:
    def test_holds_the_client_credentials(self) -> None:
        assert make_login_form(SETTINGS, now_s=0.0) == {
            "grant_type": "client_credentials",
            "client_id": "portal-bff",
            "client_secret": "s3cret",
        }

    def test_holds_an_assertion_for_three_minutes(self) -> None:
        key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
        pem = key.private_bytes(
            serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
        ).decode()
        settings = msgspec.structs.replace(
            SETTINGS, client_secret=None, username="integration@acme.example", private_key=Secret(pem)
        )

        form = make_login_form(settings, now_s=1_000.7)

        assert form["grant_type"] == JWT_BEARER
        claims = jwt.decode(
            form["assertion"],
            key.public_key(),
            algorithms=["RS256"],
            audience="https://login.salesforce.com",
            options={"verify_exp": False},
        )
        assert claims == {
            "iss": "portal-bff",
            "sub": "integration@acme.example",
            "aud": "https://login.salesforce.com",
            "exp": 1_180,
        }

    def test_is_refused_without_a_usable_key(self) -> None:
        settings = msgspec.structs.replace(
            SETTINGS,
            client_secret=None,
            username="x",
            private_key=Secret("-----BEGIN PRIVATE KEY-----\nno\n"),
        )

        with pytest.raises(LoginRefused):
            make_login_form(settings, now_s=0.0)


def make_answer(status: int = 200, **body: object) -> RawAnswer:
    return RawAnswer(status=status, headers={}, content=msgspec.json.encode(body))


class TestTokenAnswer:
    def test_names_token_and_org(self) -> None:
        answer = make_answer(
            access_token="00Dp00000000abc!secret",
            instance_url=URL,
            id="https://login.salesforce.com/id/00Dp00000000abcEAA/005p00000000abcAAA",
            token_type="Bearer",
        )

        token = parse_token(answer, SETTINGS)

        assert (token.secret.reveal(), token.org_id) == ("00Dp00000000abc!secret", ORG_ID)
        assert "abc!secret" not in repr(token)

    def test_may_name_the_org_in_the_token_only(self) -> None:
        assert (
            parse_token(make_answer(access_token="00Dp00000000abc!x", instance_url=URL), SETTINGS).org_id
            == ORG_ID
        )

    @pytest.mark.parametrize(
        ("answer", "kind"),
        [
            (
                make_answer(400, error="invalid_grant", error_description="Audience validation failed"),
                LoginRefused,
            ),
            (make_answer(401, error="invalid_client"), LoginRefused),
            (make_answer(400), LoginRefused),
            (make_answer(400, error=7), LoginRefused),
            (make_answer(400, error="server_error"), SalesforceUnavailable),
            (make_answer(503, error="x"), SalesforceUnavailable),
            (RawAnswer(status=200, headers={}, content=b"<html>"), SalesforceUnavailable),
            (RawAnswer(status=200, headers={}, content=b""), SalesforceUnavailable),
            (RawAnswer(status=200, headers={}, content=b"[]"), SalesforceUnavailable),
            (make_answer(instance_url=URL), AnswerMalformed),
            (make_answer(access_token="00Dp00000000abc!x"), AnswerMalformed),
            (make_answer(access_token="jwt.shaped.token", instance_url=URL), AnswerMalformed),
            (
                make_answer(access_token="00Dp00000000abc!x", instance_url="https://evil.example"),
                UntrustedAddress,
            ),
            (
                make_answer(
                    access_token="x", instance_url=URL, id="https://evil.example/id/00Dp00000000abc/005p"
                ),
                UntrustedAddress,
            ),
        ],
    )
    def test_of_another_kind_is_refused(self, answer: RawAnswer, kind: type[SalesforceError]) -> None:
        with pytest.raises(kind):
            parse_token(answer, SETTINGS)
