"""An issuer of bearer tokens for development, with its key pair in the data directory."""

import os
import time
from pathlib import Path
from typing import Any

import jwt
import msgspec
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec
from jwt.algorithms import ECAlgorithm

from bff.identity.caller import Caller
from bff.identity.issuers import IssuerEntry
from bff.settings import Settings

ISSUER = "urn:portal-bff:development"
AUDIENCE = "portal-bff"
ALGORITHM = "ES256"
KEY_ID = "development"


class NotInDevelopmentError(Exception):
    """Tokens without sign-in are made in development only."""


def ensure_issuer(data_dir: Path) -> Path:
    """The path for `BEARER_ISSUERS_FILE`; makes the key pair when there is none yet."""
    folder = data_dir / "issuer"
    issuers_file = folder / "issuers.json"
    if not issuers_file.exists():
        folder.mkdir(parents=True, exist_ok=True)
        key = ec.generate_private_key(ec.SECP256R1())
        _write_private(folder / "private.pem", _encode_private(key))
        public: dict[str, Any] = ECAlgorithm.to_jwk(key.public_key(), as_dict=True)
        document = {"keys": [public | {"kid": KEY_ID, "use": "sig", "alg": ALGORITHM}]}
        (folder / "jwks.json").write_bytes(msgspec.json.encode(document))
        entry = IssuerEntry(issuer=ISSUER, audience=AUDIENCE, algorithm=ALGORITHM, jwks_file="jwks.json")
        # Last, because its presence says that the rest is there.
        issuers_file.write_bytes(msgspec.json.encode([entry]))
    return issuers_file


def sign_token(settings: Settings, data_dir: Path, caller: Caller, *, ttl_s: int = 3600) -> str:
    """A bearer token that speaks for this caller.

    Raises:
        NotInDevelopmentError: outside development.
    """
    if not settings.is_development:
        raise NotInDevelopmentError("bff token works in development only")
    ensure_issuer(data_dir)
    now = int(time.time())
    claims = {
        "iss": ISSUER,
        "aud": AUDIENCE,
        "sub": str(caller.user_id or caller.client_id),
        "org": caller.org_slug,
        "iat": now,
        "nbf": now,
        "exp": now + ttl_s,
    }
    if caller.client_id:
        claims |= {"client_id": caller.client_id, "scope": " ".join(sorted(caller.scopes))}
    key = (data_dir / "issuer" / "private.pem").read_bytes()
    return jwt.encode(claims, key, ALGORITHM, headers={"kid": KEY_ID})


def _encode_private(key: ec.EllipticCurvePrivateKey) -> bytes:
    return key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )


def _write_private(path: Path, content: bytes) -> None:
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(descriptor, "wb") as file:
        file.write(content)
