"""How one variable's text becomes a value. Each parser raises ValueError with the rest of the sentence "NAME …"."""

import base64
import binascii
import re
from pathlib import Path
from urllib.parse import urlsplit

LOOPBACK = frozenset({"localhost", "127.0.0.1", "::1"})
DOCUMENT_KEY_BYTES = 32
CUSTOMER_KEYS = ("customer", "user", "email", "account")
LEGACY_COLUMNS = frozenset(
    {
        "id",
        "customer_id",
        "file_name",
        "content_type",
        "content",
        "status",
        "reviewer_note",
        "rejection_message",
    }
    | {"submitted_at", "reviewed_at", "updated_at"}
)
_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]{0,62}")
LOG_LEVELS = ("debug", "info", "warning", "error")


def parse_text(text: str) -> str:
    return text


def parse_whole(text: str) -> int:
    if not text.isascii() or not text.isdecimal():
        raise ValueError("must be a whole number, 0 or more")
    return int(text)


def parse_positive(text: str) -> int:
    value = parse_whole(text)
    if not value:
        raise ValueError("must be a whole number above 0")
    return value


def parse_seconds(text: str) -> float:
    try:
        value = float(text)
    except ValueError:
        value = 0.0
    if not 0 < value < 86400 * 365:
        raise ValueError("must be a number of seconds above 0")
    return value


def parse_flag(text: str) -> bool:
    if text not in ("true", "false"):
        raise ValueError("must be true or false")
    return text == "true"


def parse_environment(text: str) -> str:
    if text not in ("development", "production"):
        raise ValueError("must be development or production")
    return text


def parse_log_level(text: str) -> str:
    if text.lower() not in LOG_LEVELS:
        raise ValueError(f"must be one of {', '.join(LOG_LEVELS)}")
    return text.lower()


def parse_secret_key(text: str) -> str:
    if len(text) < 32:
        raise ValueError("must have at least 32 characters")
    return text


def parse_file(text: str) -> Path:
    path = Path(text)
    if not path.is_file():
        raise ValueError("must name a file that exists")
    return path


def parse_web_url(text: str) -> str:
    """An origin without a trailing slash: https, or http for the loopback interface only."""
    parts = urlsplit(text)
    if not parts.hostname or parts.scheme not in ("http", "https"):
        raise ValueError("must be a URL such as https://example.com")
    if parts.scheme == "http" and parts.hostname not in LOOPBACK:
        raise ValueError("must be https (http is for localhost only)")
    if parts.path not in ("", "/") or parts.query or parts.fragment or parts.username:
        raise ValueError("must be a bare address without path, query or user")
    return f"{parts.scheme}://{parts.netloc}"


def parse_database_url(text: str) -> str:
    if not text.startswith(("postgresql://", "postgres://", "postgresql+psycopg://")):
        raise ValueError("must start with postgresql://")
    return text


def parse_redis_url(text: str) -> str:
    if not text.startswith(("redis://", "rediss://", "unix://")):
        raise ValueError("must start with redis://, rediss:// or unix://")
    return text


def parse_document_keys(text: str) -> dict[str, bytes]:
    """In the order given. No part of a key is repeated in an error."""
    keys: dict[str, bytes] = {}
    for item in filter(None, (part.strip() for part in text.split(","))):
        key_id, _, encoded = item.partition(":")
        try:
            keys[key_id] = base64.b64decode(encoded, validate=True)
        except binascii.Error:
            keys[key_id] = b""
    if not keys or any(len(key) != DOCUMENT_KEY_BYTES for key in keys.values()):
        raise ValueError("must be a list of id:base64, each of a key of 32 bytes")
    return keys


def parse_fixed_code(text: str) -> str:
    if len(text) != 6 or not text.isascii() or not text.isdecimal():
        raise ValueError("must be six digits")
    return text


def parse_sms_sender(text: str) -> str:
    if text not in ("console", "twilio"):
        raise ValueError("must be console or twilio")
    return text


def parse_twilio_account(text: str) -> str:
    """It becomes part of an address."""
    if len(text) != 34 or not text.startswith("AC") or not text.isascii() or not text.isalnum():
        raise ValueError("must be AC and 32 letters and digits")
    return text


def parse_target(text: str) -> str:
    host, _, port = text.rpartition(":")
    if not host or not port.isdecimal():
        raise ValueError("must be host:port")
    return text


def parse_folder(text: str) -> Path:
    path = Path(text)
    if not path.is_dir():
        raise ValueError("must name a folder that exists")
    return path


def parse_table_name(text: str) -> str:
    """`table` or `schema.table`; it goes into SQL, so plain letters only."""
    parts = text.split(".")
    if len(parts) > 2 or not all(_NAME.fullmatch(part) for part in parts):
        raise ValueError("must be a table's name, such as portal.residence_card_submissions")
    return text


def parse_columns(text: str) -> dict[str, str]:
    """`ours=theirs,…`; an empty name says that there is none."""
    pairs = [item.partition("=") for item in text.split(",") if item.strip()]
    columns = {ours.strip(): theirs.strip() for ours, _, theirs in pairs}
    if not columns.keys() <= LEGACY_COLUMNS or not all(
        _NAME.fullmatch(name) for name in columns.values() if name
    ):
        raise ValueError("must be a list of ours=theirs with our column names on the left")
    return columns


def parse_customer_key(text: str) -> str:
    if text not in CUSTOMER_KEYS:
        raise ValueError(f"must be one of {', '.join(CUSTOMER_KEYS)}")
    return text


def parse_share(text: str) -> float:
    try:
        value = float(text)
    except ValueError:
        value = -1.0
    if not 0 <= value <= 1:
        raise ValueError("must be a share from 0 to 1")
    return value
