"""Requests and answers inside the emulator: the same for a call over HTTP and for a subrequest of a composite."""

from collections.abc import Mapping, Sequence
from typing import Any
from urllib.parse import parse_qsl, unquote

import msgspec

from sf_sync.emulator.refusals import SalesforceRefusal, json_trouble
from sf_sync.emulator.sessions import Session
from sf_sync.emulator.transaction import Transaction

NO_HEADERS: Mapping[str, str] = {}
_JSON = msgspec.json.Decoder()


class Quirks(msgspec.Struct, frozen=True, kw_only=True):
    """The faults that act inside a call and so on its subrequests too."""

    lock_rows: bool = False
    wrong_account_id: bool = False
    unknown_picklist: bool = False


NO_QUIRKS = Quirks()
AbsentKeys = frozenset[tuple[str, str, str]]
"""(object, field, folded value) of external ids that were looked up and not found before the upsert window."""


class ApiRequest(msgspec.Struct, kw_only=True):
    """One call on `/services/data/vXX.X`. `segments` are what follows the version, percent-decoded."""

    method: str
    version: str
    segments: Sequence[str]
    params: Mapping[str, str]
    session: Session
    base_url: str = ""
    """What the caller reached us by."""
    headers: Mapping[str, str] = NO_HEADERS
    body: bytes = b""
    content: Any = msgspec.UNSET
    """The body of a subrequest, which is JSON already."""
    client: str = ""
    quirks: Quirks = NO_QUIRKS
    transaction: Transaction | None = None
    """Set when the call is part of a larger transaction."""
    absent_keys: AbsentKeys = frozenset()
    all_or_none: bool = False
    """Set by a composite that overrides the setting of the collections in it."""

    @property
    def data_path(self) -> str:
        return f"/services/data/v{self.version}"

    @property
    def origin(self) -> str:
        """The changeOrigin text of what this call writes."""
        suffix = f";client={self.client}" if self.client else ""
        return f"com/salesforce/api/rest/{self.version}{suffix}"

    def read_json(self) -> Any:
        """The JSON body. Raises SalesforceRefusal JSON_PARSER_ERROR."""
        if self.content is not msgspec.UNSET:
            return self.content
        if not self.body:
            raise json_trouble("The HTTP entity body is required, but this request has no entity body.")
        try:
            return _JSON.decode(self.body)
        except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
            raise json_trouble(f"Unexpected character in the JSON body: {error}") from None

    def read_object(self) -> dict[str, Any]:
        content = self.read_json()
        if not isinstance(content, dict):
            raise json_trouble("The JSON body must be an object")
        return content


class ApiAnswer(msgspec.Struct, kw_only=True):
    """`body` is JSON to be, or bytes as they are, or None for no body. `failed` marks a collection in which a row
    failed although the status is 200: a composite that wants all or none must know."""

    status: int = 200
    body: Any = None
    headers: dict[str, str] = {}
    failed: bool = False

    @property
    def is_success(self) -> bool:
        return self.status < 300 and not self.failed


def answer_refusal(refusal: SalesforceRefusal) -> ApiAnswer:
    return ApiAnswer(status=refusal.status, body=[describe_refusal(refusal)], failed=True)


def describe_refusal(refusal: SalesforceRefusal) -> dict[str, Any]:
    """One entry of an error body. `fields` is there only where the platform gives it."""
    entry: dict[str, Any] = {"message": refusal.message, "errorCode": refusal.code}
    if refusal.fields is not None:
        entry["fields"] = list(refusal.fields)
    return entry


def split_path(path: str) -> list[str] | None:
    """The decoded segments of a path, one trailing slash forgiven; None where two slashes follow each other."""
    parts = path.strip("/").split("/") if path not in ("", "/") else []
    if "//" in path:
        return None
    return [unquote(part) for part in parts]


def parse_params(query: str) -> dict[str, str]:
    """Query parameters, `+` read as a space; the last of a repeated one counts."""
    return dict(parse_qsl(query, keep_blank_values=True))


def parse_client(call_options: str) -> str:
    """The `client` of a Sforce-Call-Options header (`client=portal-bff, defaultNamespace=x`)."""
    for option in call_options.split(","):
        name, _, value = option.partition("=")
        if name.strip() == "client":
            return value.strip()
    return ""
