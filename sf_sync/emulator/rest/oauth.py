"""`/services/oauth2`: client credentials and JWT bearer, with the error bodies of the platform. No `expires_in`."""

import base64
import binascii
import hashlib
import hmac
from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any
from urllib.parse import unquote_plus

import jwt
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from cryptography.x509 import load_pem_x509_certificate

from sf_sync.emulator.platform_seed import find_user_id
from sf_sync.emulator.rest.messages import ApiAnswer
from sf_sync.emulator.sessions import Session, Sessions
from sf_sync.emulator.settings import EmulatorSettings, OAuthClient
from sf_sync.emulator.store import Org

JWT_GRANT = "urn:ietf:params:oauth:grant-type:jwt-bearer"
_LONGEST_ASSERTION = timedelta(minutes=5)
"""Salesforce says three minutes; five are reported to work and are what clients use."""
_LOGIN_HOSTS = frozenset({"login.salesforce.com", "test.salesforce.com"})


class OAuthRefusal(Exception):
    """A refused login, with its `error` and `error_description`."""

    def __init__(self, error: str, description: str, *, status: int = 400) -> None:
        super().__init__(error)
        self.error = error
        self.description = description
        self.status = status


class TokenEndpoint:
    """Answers token requests. `base_url` is what the caller reached us by, and becomes the instance_url."""

    def __init__(self, org: Org, sessions: Sessions, settings: EmulatorSettings) -> None:
        self._org = org
        self._sessions = sessions
        self._settings = settings
        self._clients = {client.client_id: client for client in settings.clients}

    def issue(self, form: Mapping[str, str], authorization: str, base_url: str) -> ApiAnswer:
        """The token answer or the OAuth error body."""
        try:
            session = self._grant(form, authorization, base_url)
        except OAuthRefusal as refusal:
            body = {"error": refusal.error, "error_description": refusal.description}
            return ApiAnswer(status=refusal.status, body=body, headers={"Cache-Control": "no-store"})
        return ApiAnswer(body=self._describe(session, base_url), headers={"Cache-Control": "no-store"})

    def _grant(self, form: Mapping[str, str], authorization: str, base_url: str) -> Session:
        match form.get("grant_type"):
            case "client_credentials":
                return self._grant_to_client(form, authorization, base_url)
            case grant if grant == JWT_GRANT:
                return self._grant_to_assertion(form, base_url)
            case None | "":
                raise OAuthRefusal("invalid_request", "must specify grant_type")
        raise OAuthRefusal("unsupported_grant_type", "grant type not supported")

    def _grant_to_client(self, form: Mapping[str, str], authorization: str, base_url: str) -> Session:
        if base_url.partition("://")[2] in _LOGIN_HOSTS:
            raise OAuthRefusal("invalid_grant", "request not supported on this domain")
        client_id, secret = _read_credentials(form, authorization)
        client = self._find_client(client_id)
        if client.secret is None or not hmac.compare_digest(client.secret.encode(), secret.encode()):
            raise OAuthRefusal("invalid_client", "invalid client credentials")
        user_id = find_user_id(self._org, client.username)
        if user_id is None:
            raise OAuthRefusal("invalid_grant", "no client credentials user enabled")
        return self._open(client, user_id)

    def _grant_to_assertion(self, form: Mapping[str, str], base_url: str) -> Session:
        claims, client = self._verify(form.get("assertion", ""))
        if claims.get("aud") not in (base_url, *self._settings.jwt_audiences):
            raise OAuthRefusal("invalid_grant", "audience is invalid")
        _check_expiry(claims, self._org.now())
        user_id = find_user_id(self._org, str(claims.get("sub", "")))
        if user_id is None:
            raise OAuthRefusal("invalid_grant", "user hasn't approved this consumer")
        return self._open(client, user_id)

    def _verify(self, assertion: str) -> tuple[Mapping[str, Any], OAuthClient]:
        options: Any = {"verify_signature": False}
        try:
            issuer = jwt.decode(assertion, options=options).get("iss")
        except jwt.InvalidTokenError:
            raise OAuthRefusal("invalid_grant", "invalid assertion") from None
        client = self._find_client(str(issuer))
        if client.certificate is None:
            raise OAuthRefusal("invalid_grant", "invalid assertion")
        rules: Any = {"verify_exp": False, "verify_aud": False, "verify_iat": False}
        try:
            claims = jwt.decode(
                assertion, _read_public_key(client.certificate), algorithms=["RS256"], options=rules
            )
        except jwt.InvalidTokenError:
            raise OAuthRefusal("invalid_grant", "invalid assertion") from None
        return claims, client

    def _find_client(self, client_id: str) -> OAuthClient:
        client = self._clients.get(client_id)
        if client is None:
            raise OAuthRefusal("invalid_client_id", "client identifier invalid")
        return client

    def _open(self, client: OAuthClient, user_id: str) -> Session:
        return self._sessions.issue(org_id=self._org.org_id, user_id=user_id, client_id=client.client_id)

    def _describe(self, session: Session, base_url: str) -> dict[str, str]:
        identity = f"{base_url}/id/{self._org.org_id}/{session.user_id}"
        issued_at = str(int(self._org.now().timestamp() * 1000))
        digest = hmac.digest(session.client_id.encode(), f"{identity}{issued_at}".encode(), hashlib.sha256)
        return {
            "access_token": session.token,
            "signature": base64.b64encode(digest).decode(),
            "scope": "api",
            "instance_url": self._settings.public_url or base_url,
            "id": identity,
            "token_type": "Bearer",
            "issued_at": issued_at,
        }


def describe_user(org: Org, session: Session, base_url: str) -> dict[str, Any]:
    """The userinfo answer, which names the org for the Pub/Sub API."""
    user = org.get("User", session.user_id)
    return {
        "sub": f"{base_url}/id/{org.org_id}/{session.user_id}",
        "user_id": session.user_id,
        "organization_id": org.org_id,
        "preferred_username": user["Username"],
        "name": user["Name"],
        "email": user["Email"],
        "active": user["IsActive"],
        "user_type": "STANDARD",
        "urls": {"rest": f"{base_url}/services/data/v{{version}}/"},
    }


def describe_identity(org: Org, session: Session, base_url: str) -> dict[str, Any]:
    """The answer of the identity url."""
    user = org.get("User", session.user_id)
    return {
        "id": f"{base_url}/id/{org.org_id}/{session.user_id}",
        "asserted_user": True,
        "user_id": session.user_id,
        "organization_id": org.org_id,
        "username": user["Username"],
        "display_name": user["Name"],
        "email": user["Email"],
        "active": user["IsActive"],
        "user_type": "STANDARD",
        "urls": {"rest": f"{base_url}/services/data/v{{version}}/"},
    }


def _read_credentials(form: Mapping[str, str], authorization: str) -> tuple[str, str]:
    scheme, _, encoded = authorization.partition(" ")
    if scheme.lower() != "basic":
        return form.get("client_id", ""), form.get("client_secret", "")
    try:
        client_id, _, secret = base64.b64decode(encoded, validate=True).decode().partition(":")
    except (binascii.Error, ValueError):
        raise OAuthRefusal("invalid_client", "invalid client credentials") from None
    return unquote_plus(client_id), unquote_plus(secret)


def _check_expiry(claims: Mapping[str, Any], now: datetime) -> None:
    try:
        # simple-salesforce sends the number as text.
        expires_at = float(claims.get("exp", ""))
    except (TypeError, ValueError):
        raise OAuthRefusal("invalid_grant", "invalid assertion") from None
    if not now.timestamp() < expires_at <= (now + _LONGEST_ASSERTION).timestamp():
        raise OAuthRefusal("invalid_grant", "expired authorization code")


def _read_public_key(pem: str) -> str:
    if "BEGIN CERTIFICATE" not in pem:
        return pem
    key = load_pem_x509_certificate(pem.encode()).public_key()
    return key.public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo).decode()
