"""Where the Salesforce org is and how to sign in there, read once from the environment."""

import re
from collections.abc import Mapping
from pathlib import Path
from typing import Self
from urllib.parse import urlsplit

from msgspec import Struct
from msgspec.structs import fields

LOOPBACK_HOSTS = frozenset({"localhost", "127.0.0.1", "::1"})
PRODUCTION_AUDIENCE = "https://login.salesforce.com"
SANDBOX_AUDIENCE = "https://test.salesforce.com"

_FIELD_NAME = re.compile(r"[A-Za-z][A-Za-z0-9_]{0,79}")
_ORIGIN = re.compile(r"https?://([A-Za-z0-9.-]+|\[::1\])(:[0-9]{1,5})?")
_API_VERSION = re.compile(r"[0-9]{2,3}\.0")
_CURRENCY = re.compile(r"[A-Z]{3}")


class SalesforceSettingError(Exception):
    """One variable is missing or wrong; the text is one sentence that names it and never repeats a secret."""


class Secret:
    """A text that shows itself to nobody by accident: `repr`, `str` and tracebacks say only that it is
    there.
    """

    __slots__ = ("_text",)

    def __init__(self, text: str) -> None:
        self._text = text

    def reveal(self) -> str:
        return self._text

    def __repr__(self) -> str:
        return "Secret(…)"


class AccountFieldNames(Struct, frozen=True, kw_only=True):
    """The API names of our fields on Account; an org may have named them otherwise."""

    eligibility_status: str = "Internet_Eligibility_Status__c"
    eligibility_result: str = "Internet_Eligibility__c"
    eligibility_requested_at: str = "Internet_Eligibility_Request_Date_Time__c"
    eligibility_checked_at: str = "Internet_Eligibility_Checked_Date_Time__c"
    eligibility_notes: str = "Internet_Eligibility_Notes__c"
    eligibility_case_id: str = "Internet_Eligibility_Case_Id__c"
    verification_status: str = "Id_Verification_Status__c"
    verification_submitted_at: str = "Id_Verification_Submitted_Date_Time__c"
    verification_verified_at: str = "Id_Verification_Verified_Date_Time__c"
    verification_note: str = "Id_Verification_Note__c"
    verification_rejection_message: str = "Id_Verification_Rejection_Message__c"
    verification_document_id: str = "Id_Verification_Content_Document_Id__c"
    verification_submitted_version_id: str = "Id_Verification_Submitted_Version_Id__c"
    verification_reviewed_version_id: str = "Id_Verification_Reviewed_Version_Id__c"

    @classmethod
    def from_env(cls, env: Mapping[str, str]) -> Self:
        """Each field from `SALESFORCE_FIELD_<NAME>`. Raises SalesforceSettingError: the names go into
        SOQL.
        """
        given = {field.name: env.get(f"SALESFORCE_FIELD_{field.name.upper()}", "") for field in fields(cls)}
        named = {name: value for name, value in given.items() if value}
        for name, value in named.items():
            if not _FIELD_NAME.fullmatch(value):
                raise SalesforceSettingError(f"SALESFORCE_FIELD_{name.upper()} is not a field API name.")
        names = cls(**named)
        if len({getattr(names, field.name) for field in fields(cls)}) != len(fields(cls)):
            raise SalesforceSettingError("Two SALESFORCE_FIELD_… settings name the same field.")
        return names


class OfferSettings(Struct, frozen=True, kw_only=True):
    """How the org's products say what they are. The fields are API names on Product2, the currency's on
    PricebookEntry.
    """

    sku_field: str = "ProductCode"
    type_field: str = "Portal_Product_Type__c"
    result_field: str = "Portal_Eligibility_Result__c"
    """The eligibility results that an internet offer is for, as a picklist or multi-select picklist; empty: any."""
    currency_field: str = "CurrencyIsoCode"
    """`none` in an org with a single currency, which lacks the field; `currency` says which it is then."""
    currency: str = "JPY"
    internet_value: str = "Internet"
    sim_value: str = "SIM"

    @property
    def has_currencies(self) -> bool:
        return self.currency_field != "none"

    @classmethod
    def from_env(cls, env: Mapping[str, str]) -> Self:
        """Each from `SALESFORCE_OFFER_<NAME>`. Raises SalesforceSettingError: the field names go into SOQL."""
        given = {field.name: env.get(f"SALESFORCE_OFFER_{field.name.upper()}", "") for field in fields(cls)}
        settings = cls(**{name: value for name, value in given.items() if value})
        for name in ("sku_field", "type_field", "result_field", "currency_field"):
            if not _FIELD_NAME.fullmatch(getattr(settings, name)):
                raise SalesforceSettingError(f"SALESFORCE_OFFER_{name.upper()} is not a field API name.")
        if not _CURRENCY.fullmatch(settings.currency):
            raise SalesforceSettingError("SALESFORCE_OFFER_CURRENCY must be three capitals such as JPY.")
        if settings.internet_value == settings.sim_value:
            raise SalesforceSettingError("SALESFORCE_OFFER_INTERNET_VALUE and …_SIM_VALUE must differ.")
        return settings


class SalesforceSettings(Struct, frozen=True, kw_only=True):
    """One org and one integration user. `client_secret` or (`username` and `private_key`) is present, not
    both.
    """

    url: str
    """My Domain base address without a path; every call goes there and nowhere else."""
    login_url: str
    client_id: str
    client_secret: Secret | None = None
    username: str | None = None
    private_key: Secret | None = None
    jwt_audience: str = PRODUCTION_AUDIENCE
    api_version: str = "66.0"
    concurrency: int = 10
    """Calls in flight in this process; more wait in their lanes."""
    timeout_s: float = 2.0
    """How long a caller waits for an answer altogether unless it says otherwise: queue, retries and
    refresh too.
    """
    account_fields: AccountFieldNames = AccountFieldNames()
    offers: OfferSettings = OfferSettings()

    @property
    def data_path(self) -> str:
        return f"/services/data/v{self.api_version}"

    @classmethod
    def from_env(cls, env: Mapping[str, str]) -> Self:
        """Raises SalesforceSettingError. Reads the file that SALESFORCE_PRIVATE_KEY_FILE names."""
        url = _parse_base(env, "SALESFORCE_URL", _required(env, "SALESFORCE_URL"))
        username = env.get("SALESFORCE_USERNAME") or None
        private_key = _read_private_key(env)
        client_secret = _optional_secret(env, "SALESFORCE_CLIENT_SECRET")
        _refuse_unclear_login(client_secret, username, private_key)
        return cls(
            url=url,
            login_url=_parse_base(env, "SALESFORCE_LOGIN_URL", env.get("SALESFORCE_LOGIN_URL") or url),
            client_id=_required(env, "SALESFORCE_CLIENT_ID"),
            client_secret=client_secret,
            username=username,
            private_key=private_key,
            jwt_audience=env.get("SALESFORCE_JWT_AUDIENCE") or _default_audience(url),
            api_version=_parse_version(env.get("SALESFORCE_API_VERSION") or "66.0"),
            concurrency=int(_parse_number(env, "SALESFORCE_CONCURRENCY", default=10, least=1, most=100)),
            timeout_s=_parse_number(env, "SALESFORCE_TIMEOUT_S", default=2.0, least=0.1, most=120.0),
            account_fields=AccountFieldNames.from_env(env),
            offers=OfferSettings.from_env(env),
        )


def _required(env: Mapping[str, str], name: str) -> str:
    value = env.get(name, "").strip()
    if not value:
        raise SalesforceSettingError(f"{name} is not set.")
    return value


def _parse_base(env: Mapping[str, str], name: str, value: str) -> str:
    """Scheme, host and port only: a path, query or user in it would be a mistake that nobody sees."""
    parts = urlsplit(value.rstrip("/"))
    try:
        has_port_error = parts.port is not None and not 0 < parts.port < 65536
    except ValueError:
        has_port_error = True
    if (
        not parts.hostname
        or parts.path
        or parts.query
        or parts.fragment
        or "@" in parts.netloc
        or has_port_error
    ):
        raise SalesforceSettingError(f"{name} must be an address such as https://acme.my.salesforce.com.")
    if parts.scheme == "https" or (parts.scheme == "http" and parts.hostname in LOOPBACK_HOSTS):
        return f"{parts.scheme}://{parts.netloc.lower()}"
    raise SalesforceSettingError(f"{name} must begin with https:// (http:// only for this machine).")


def _read_private_key(env: Mapping[str, str]) -> Secret | None:
    path = env.get("SALESFORCE_PRIVATE_KEY_FILE", "")
    if not path:
        return None
    try:
        text = Path(path).read_text(encoding="ascii")
    except (OSError, UnicodeDecodeError) as error:
        raise SalesforceSettingError(f"SALESFORCE_PRIVATE_KEY_FILE: {path} cannot be read.") from error
    if "PRIVATE KEY-----" not in text:
        raise SalesforceSettingError(f"SALESFORCE_PRIVATE_KEY_FILE: {path} holds no private key in PEM form.")
    return Secret(text)


def _optional_secret(env: Mapping[str, str], name: str) -> Secret | None:
    value = env.get(name, "")
    return Secret(value) if value else None


def _refuse_unclear_login(secret: Secret | None, username: str | None, private_key: Secret | None) -> None:
    if (username is None) != (private_key is None):
        raise SalesforceSettingError(
            "SALESFORCE_USERNAME and SALESFORCE_PRIVATE_KEY_FILE are needed together."
        )
    if secret is None and private_key is None:
        raise SalesforceSettingError(
            "Set SALESFORCE_CLIENT_SECRET, or SALESFORCE_USERNAME with SALESFORCE_PRIVATE_KEY_FILE."
        )
    if secret is not None and private_key is not None:
        raise SalesforceSettingError(
            "Set either SALESFORCE_CLIENT_SECRET or SALESFORCE_PRIVATE_KEY_FILE, not both."
        )


def _default_audience(url: str) -> str:
    return SANDBOX_AUDIENCE if ".sandbox.my.salesforce.com" in url else PRODUCTION_AUDIENCE


def _parse_version(text: str) -> str:
    if not _API_VERSION.fullmatch(text):
        raise SalesforceSettingError("SALESFORCE_API_VERSION must look like 66.0.")
    return text


def _parse_number(env: Mapping[str, str], name: str, *, default: float, least: float, most: float) -> float:
    text = env.get(name, "")
    if not text:
        return default
    try:
        number = float(text)
    except ValueError:
        number = least - 1
    if not least <= number <= most:
        raise SalesforceSettingError(f"{name} must be a number from {least:g} to {most:g}.")
    return number
