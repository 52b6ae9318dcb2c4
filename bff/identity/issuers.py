"""Whose bearer tokens are accepted, read from `BEARER_ISSUERS_FILE`."""

from pathlib import Path
from urllib.parse import urlsplit

import msgspec

from bff.identity.keys import KeySet, make_file_reader, make_url_reader
from bff.settings import SettingsError

# Only signatures: with a shared secret everybody who can check a token can also make one.
ALGORITHMS = frozenset({"RS256", "RS384", "RS512", "PS256", "PS384", "PS512", "ES256", "ES384", "EdDSA"})


class IssuerEntry(msgspec.Struct, frozen=True, kw_only=True, rename="camel", forbid_unknown_fields=True):
    """One entry of the file. `orgs`, when given, are the slugs for which this issuer may speak."""

    issuer: str
    audience: str
    algorithm: str
    jwks_file: str | None = None
    jwks_url: str | None = None
    orgs: list[str] | None = None


class Issuer(msgspec.Struct, frozen=True, kw_only=True):
    entry: IssuerEntry
    keys: KeySet


def read_issuers(path: Path | None) -> dict[str, Issuer]:
    """By issuer name; a relative `jwksFile` lies beside the file.

    Raises:
        SettingsError: the file is not as described.
    """
    if path is None:
        return {}
    try:
        entries = msgspec.json.decode(path.read_bytes(), type=list[IssuerEntry])
    except (OSError, msgspec.MsgspecError) as error:
        raise SettingsError(["BEARER_ISSUERS_FILE is not a readable JSON list of issuers"]) from error
    issuers = {entry.issuer: make_issuer(entry, path.parent) for entry in entries}
    if len(issuers) != len(entries):
        raise SettingsError(["BEARER_ISSUERS_FILE names an issuer twice; each has one algorithm"])
    return issuers


def make_issuer(entry: IssuerEntry, folder: Path) -> Issuer:
    if entry.algorithm not in ALGORITHMS:
        raise SettingsError(
            [f"BEARER_ISSUERS_FILE: algorithm must be one of {', '.join(sorted(ALGORITHMS))}"]
        )
    if (entry.jwks_file is None) == (entry.jwks_url is None):
        raise SettingsError(["BEARER_ISSUERS_FILE: each issuer has either jwksFile or jwksUrl"])
    if entry.jwks_url is not None:
        read = make_url_reader(require_safe_url(entry.jwks_url))
    else:
        read = make_file_reader(folder / str(entry.jwks_file))
    return Issuer(entry=entry, keys=KeySet(read, entry.algorithm))


def require_safe_url(url: str) -> str:
    parts = urlsplit(url)
    is_local = parts.hostname in ("localhost", "127.0.0.1", "::1")
    if parts.scheme != "https" and not (parts.scheme == "http" and is_local):
        raise SettingsError(["BEARER_ISSUERS_FILE: jwksUrl must be https (http is for localhost only)"])
    return url
