"""Signing in: which token requests are granted, and how the others are refused."""

import time
from base64 import b64encode
from datetime import UTC, datetime, timedelta
from typing import Any

import jwt
import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat, PublicFormat
from cryptography.x509.oid import NameOID

from sf_sync.emulator.app import Emulator, create_emulator
from sf_sync.emulator.settings import DEVELOPMENT_CLIENT, EmulatorSettings, OAuthClient
from tests.conformance.rest.caller import BASE_URL, Caller, error_of

TOKEN = "/services/oauth2/token"
KEY = rsa.generate_private_key(public_exponent=65537, key_size=2048)
OTHER_KEY = rsa.generate_private_key(public_exponent=65537, key_size=2048)
USERNAME = "integration@portal.example"
GRANT = "urn:ietf:params:oauth:grant-type:jwt-bearer"


def make_certificate() -> str:
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "portal")])
    now = datetime.now(UTC)
    builder = x509.CertificateBuilder().subject_name(name).issuer_name(name).public_key(KEY.public_key())
    builder = builder.serial_number(1).not_valid_before(now).not_valid_after(now + timedelta(days=1))
    return builder.sign(KEY, hashes.SHA256()).public_bytes(Encoding.PEM).decode()


def make_public_key() -> str:
    return KEY.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo).decode()


@pytest.fixture
def emulator() -> Emulator:
    clients = (
        DEVELOPMENT_CLIENT,
        OAuthClient(client_id="with-certificate", certificate=make_certificate()),
        OAuthClient(client_id="with-key", certificate=make_public_key()),
        OAuthClient(client_id="without-user", secret="s", username="nobody@portal.example"),
    )
    return create_emulator(EmulatorSettings(clients=clients))


def make_assertion(key: rsa.RSAPrivateKey = KEY, **changes: Any) -> str:
    claims = {"iss": "with-certificate", "sub": USERNAME, "aud": "https://login.salesforce.com"}
    claims |= {"exp": int(time.time()) + 180} | changes
    pem = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()).decode()
    # PyJWT checks the type of exp when it encodes; text is what simple-salesforce sends.
    return jwt.api_jws.encode(jwt.api_jwt.json.dumps(claims).encode(), pem, algorithm="RS256")


class TestClientCredentials:
    @pytest.mark.asyncio
    async def test_are_taken_from_the_form(self, caller: Caller) -> None:
        form = {
            "grant_type": "client_credentials",
            "client_id": "portal-bff",
            "client_secret": "local-development-only",
        }
        answer = await caller.anonymous("POST", TOKEN, data=form)

        assert answer.status_code == 200
        assert answer.headers["cache-control"] == "no-store"
        token = answer.json()
        assert token["instance_url"] == BASE_URL
        assert token["token_type"] == "Bearer"
        assert token["access_token"].startswith(caller.emulator.org.org_id[:15] + "!")
        assert len(token["access_token"]) == 112
        assert token["id"].split("/")[-2:] == [caller.emulator.org.org_id, caller.user_id]
        assert "expires_in" not in token
        assert "refresh_token" not in token

    @pytest.mark.asyncio
    async def test_are_taken_from_a_basic_header(self, caller: Caller) -> None:
        basic = b64encode(b"portal-bff:local-development-only").decode()
        answer = await caller.anonymous(
            "POST",
            TOKEN,
            data={"grant_type": "client_credentials"},
            headers={"Authorization": f"Basic {basic}"},
        )

        assert answer.status_code == 200


REFUSED = [
    ({}, "invalid_request"),
    ({"grant_type": "password"}, "unsupported_grant_type"),
    ({"grant_type": "client_credentials", "client_id": "x", "client_secret": "y"}, "invalid_client_id"),
    ({"grant_type": "client_credentials", "client_id": "portal-bff", "client_secret": "y"}, "invalid_client"),
    ({"grant_type": "client_credentials", "client_id": "portal-bff"}, "invalid_client"),
    ({"grant_type": "client_credentials", "client_id": "with-key", "client_secret": ""}, "invalid_client"),
    (
        {"grant_type": "client_credentials", "client_id": "without-user", "client_secret": "s"},
        "invalid_grant",
    ),
    ({"grant_type": GRANT, "assertion": "nonsense"}, "invalid_grant"),
    ({"grant_type": GRANT}, "invalid_grant"),
]


class TestRefusals:
    @pytest.mark.asyncio
    @pytest.mark.parametrize(("form", "error"), REFUSED)
    async def test_carry_an_oauth_error_body(self, caller: Caller, form: dict[str, str], error: str) -> None:
        answer = await caller.anonymous("POST", TOKEN, data=form)

        assert answer.status_code == 400
        assert answer.json()["error"] == error
        assert answer.json()["error_description"]

    @pytest.mark.asyncio
    async def test_of_client_credentials_at_the_login_host_name_the_domain(self, caller: Caller) -> None:
        form = {
            "grant_type": "client_credentials",
            "client_id": "portal-bff",
            "client_secret": "local-development-only",
        }
        answer = await caller.anonymous("POST", TOKEN, data=form, headers={"Host": "login.salesforce.com"})

        assert answer.json() == {
            "error": "invalid_grant",
            "error_description": "request not supported on this domain",
        }

    @pytest.mark.asyncio
    async def test_meet_a_json_body_as_a_missing_grant(self, caller: Caller) -> None:
        answer = await caller.anonymous("POST", TOKEN, json={"grant_type": "client_credentials"})

        assert answer.json()["error"] == "invalid_request"


GOOD_ASSERTIONS: list[dict[str, Any]] = [
    {},
    {"exp": str(int(time.time()) + 200)},
    {"aud": "https://test.salesforce.com"},
    {"aud": BASE_URL},
    {"iss": "with-key"},
]
BAD_ASSERTIONS: list[tuple[dict[str, Any], str, str]] = [
    ({"aud": "https://elsewhere.example"}, "invalid_grant", "audience is invalid"),
    ({"exp": int(time.time()) - 5}, "invalid_grant", "expired authorization code"),
    ({"exp": int(time.time()) + 3_600}, "invalid_grant", "expired authorization code"),
    ({"exp": "soon"}, "invalid_grant", "invalid assertion"),
    ({"sub": "stranger@portal.example"}, "invalid_grant", "user hasn't approved this consumer"),
    ({"iss": "unheard-of"}, "invalid_client_id", "client identifier invalid"),
    ({"iss": "portal-bff"}, "invalid_grant", "invalid assertion"),
]


class TestJwtBearer:
    @pytest.mark.asyncio
    @pytest.mark.parametrize("claims", GOOD_ASSERTIONS)
    async def test_grants_to_a_signed_assertion(self, caller: Caller, claims: dict[str, Any]) -> None:
        form = {"grant_type": GRANT, "assertion": make_assertion(**claims)}
        answer = await caller.anonymous("POST", TOKEN, data=form)

        assert answer.status_code == 200, answer.text

    @pytest.mark.asyncio
    @pytest.mark.parametrize(("claims", "error", "description"), BAD_ASSERTIONS)
    async def test_refuses(
        self, caller: Caller, claims: dict[str, Any], error: str, description: str
    ) -> None:
        form = {"grant_type": GRANT, "assertion": make_assertion(**claims)}
        answer = await caller.anonymous("POST", TOKEN, data=form)

        assert answer.status_code == 400
        assert answer.json() == {"error": error, "error_description": description}

    @pytest.mark.asyncio
    async def test_refuses_the_signature_of_another_key(self, caller: Caller) -> None:
        form = {"grant_type": GRANT, "assertion": make_assertion(OTHER_KEY)}
        answer = await caller.anonymous("POST", TOKEN, data=form)

        assert answer.json()["error"] == "invalid_grant"


class TestSession:
    @pytest.mark.asyncio
    async def test_is_described_by_userinfo_and_identity(self, caller: Caller) -> None:
        info = (await caller.call("GET", "/services/oauth2/userinfo")).json()
        assert info["organization_id"] == caller.emulator.org.org_id
        assert info["user_id"] == caller.user_id
        assert info["preferred_username"] == USERNAME

        identity = (await caller.call("GET", f"/id/{info['organization_id']}/{info['user_id']}")).json()
        assert identity["username"] == USERNAME

    @pytest.mark.asyncio
    async def test_ends_when_it_is_revoked(self, caller: Caller) -> None:
        token = caller.headers["Authorization"].removeprefix("Bearer ")
        assert (
            await caller.anonymous("POST", "/services/oauth2/revoke", data={"token": token})
        ).status_code == 200

        answer = await caller.call("GET", "limits")
        assert answer.status_code == 401
        assert error_of(answer) == {
            "message": "Session expired or invalid",
            "errorCode": "INVALID_SESSION_ID",
        }
        assert answer.headers["www-authenticate"] == "Token"
        again = await caller.anonymous("POST", "/services/oauth2/revoke", data={"token": token})
        assert again.status_code == 400

    @pytest.mark.asyncio
    async def test_is_demanded_of_every_data_call_but_the_list_of_versions(self, caller: Caller) -> None:
        answer = await caller.anonymous("GET", "/services/data/v66.0/limits")
        assert answer.status_code == 401
        assert error_of(answer)["errorCode"] == "INVALID_AUTH_HEADER"
        assert (await caller.anonymous("GET", "/services/data/")).status_code == 200


class TestSoapLogin:
    @pytest.mark.asyncio
    async def test_is_off_as_in_a_new_org(self, caller: Caller) -> None:
        answer = await caller.anonymous("POST", "/services/Soap/u/59.0", content=b"<login/>")

        assert answer.status_code == 500
        assert "<sf:exceptionCode>INVALID_OPERATION</sf:exceptionCode>" in answer.text
