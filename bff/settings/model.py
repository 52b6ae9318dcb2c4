"""The structs that the rest of the product is handed."""

from collections.abc import Mapping
from enum import StrEnum
from pathlib import Path

import msgspec

from sf_sync.feed.settings import FeedSettings
from sf_sync.settings import SalesforceSettings


class Environment(StrEnum):
    DEVELOPMENT = "development"
    PRODUCTION = "production"


class DatabaseSettings(msgspec.Struct, frozen=True, kw_only=True):
    """`url` may log in as any role that may become `portal_app`; `owner_url` owns the schema."""

    url: str
    owner_url: str
    pool_size: int = 10
    pool_overflow: int = 10
    """Connections beyond `pool_size` that a burst may open; they are closed again after it."""
    pool_timeout_s: float = 2.0
    connect_timeout_s: int = 2
    statement_timeout_s: float = 5.0


class IdentitySettings(msgspec.Struct, frozen=True, kw_only=True):
    """Without `bearer_issuers_file` no bearer token is accepted."""

    secret_key: str
    session_idle_s: int = 1800
    session_absolute_s: int = 43200
    bearer_issuers_file: Path | None = None
    trusted_proxy_hops: int = 0


class DocumentSettings(msgspec.Struct, frozen=True, kw_only=True):
    """The first of `keys` seals, all open. Without `clamd_address` nothing is scanned."""

    keys: Mapping[str, bytes]
    clamd_address: str | None = None
    uploads_per_hour: int = 5
    uploads_per_day: int = 20


class SearchLimits(msgspec.Struct, frozen=True, kw_only=True):
    """How often each member of staff and each machine client may look for customers, and reveal what is masked."""

    searches_per_minute: int = 60
    reveals_per_minute: int = 20


class LegacySettings(msgspec.Struct, frozen=True, kw_only=True):
    """Where the older portal keeps identity documents, while they are moved. Without `url` it is the table
    `residence_card_submissions` of our own database; with it, all rows there are of the org with the slug `org`.
    """

    url: str | None = None
    org: str | None = None
    table: str = "residence_card_submissions"
    columns: Mapping[str, str] = {}
    """Names that differ from those of our own table; an empty one says that the table lacks it."""
    customer_is: str = "customer"
    """What the customer column holds: the id of a `customer` or `user` here, an `email` or an `account`."""
    folder: Path | None = None
    """With it, the content column holds a path below this folder instead of the bytes."""
    shadow_reads: int = 100_000
    """Compared reads without a mismatch before Salesforce may begin to answer."""
    mismatch_limit: float = 0.001
    """Share of mismatched reads at which a ramp steps back by itself."""


class CodeSettings(msgspec.Struct, frozen=True, kw_only=True):
    """`pepper` is the key of all codes and proofs; without it, in development, the secret key stands in. With
    `fixed_code` every code is that one, in development.
    """

    pepper: str | None = None
    fixed_code: str | None = None
    per_org_per_hour: int = 1000


class TwilioSettings(msgspec.Struct, frozen=True, kw_only=True):
    """`sender` is a number, a name or the id of a messaging service."""

    account_sid: str
    auth_token: str
    sender: str
    url: str


class SmsSettings(msgspec.Struct, frozen=True, kw_only=True):
    """With neither `console` nor `twilio` no messages are sent."""

    console: bool = False
    twilio: TwilioSettings | None = None
    timeout_s: float = 5.0


class Settings(msgspec.Struct, frozen=True, kw_only=True):
    environment: Environment
    public_url: str
    log_level: str
    web_workers: int
    eligibility_requests_per_minute: int
    redis_url: str
    redis_timeout_s: float = 0.5
    order_timeout_s: float = 0.75
    database: DatabaseSettings
    identity: IdentitySettings
    documents: DocumentSettings
    salesforce: SalesforceSettings
    feed: FeedSettings
    legacy: LegacySettings = LegacySettings()
    search: SearchLimits = SearchLimits()
    codes: CodeSettings = CodeSettings()
    sms: SmsSettings = SmsSettings()

    @property
    def is_development(self) -> bool:
        return self.environment is Environment.DEVELOPMENT
