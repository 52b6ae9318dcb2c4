"""From the environment to `Settings`, with every mistake told at once."""

from collections.abc import Mapping
from typing import Any

from bff.settings.messages import find_message_mistakes, make_code_settings, make_sms_settings
from bff.settings.model import (
    DatabaseSettings,
    DocumentSettings,
    Environment,
    IdentitySettings,
    LegacySettings,
    SearchLimits,
    Settings,
)
from bff.settings.variables import VARIABLES, Variable
from cache.settings import CacheSettings, parse_cache_settings
from sf_sync.feed.settings import FeedSettings
from sf_sync.settings import SalesforceSettingError, SalesforceSettings


class SettingsError(Exception):
    """Settings that the product can't run with; the message has one line per mistake and no values."""

    def __init__(self, mistakes: list[str]) -> None:
        super().__init__("The settings do not work:\n" + "\n".join(f"  {mistake}" for mistake in mistakes))
        self.mistakes = mistakes


def read_settings(environ: Mapping[str, str]) -> Settings:
    """Read every variable of the table.

    Raises:
        SettingsError: naming all that is missing, malformed or contradictory.
    """
    given = {variable.name: environ.get(variable.name, "").strip() for variable in VARIABLES}
    values, mistakes = _parse_all(given)
    named = {_get_name(mistake) for mistake in mistakes}
    mistakes += [mistake for mistake in _find_contradictions(values) if _get_name(mistake) not in named]
    cache, salesforce = _read_cache(given, mistakes), _read_salesforce(given, mistakes)
    if mistakes or cache is None or salesforce is None:
        raise SettingsError(mistakes)
    return _make_settings(values, cache, salesforce)


def _get_name(mistake: str) -> str:
    """Of the variable: what is malformed is not missing besides."""
    return mistake.partition(" ")[0]


def _parse_all(given: Mapping[str, str]) -> tuple[dict[str, Any], list[str]]:
    values: dict[str, Any] = {}
    mistakes: list[str] = []
    for variable in VARIABLES:
        try:
            values[variable.name] = _parse(variable, given[variable.name])
        except ValueError as error:
            mistakes.append(f"{variable.name} {error}")
            values[variable.name] = None
    return values, mistakes


def _parse(variable: Variable, text: str) -> Any:
    text = text or variable.default or ""
    if text:
        return variable.parse(text)
    if variable.required:
        raise ValueError(f"is missing. {variable.doc}")
    return None


def _find_contradictions(values: dict[str, Any]) -> list[str]:
    public_url = values["BFF_PUBLIC_URL"] or ""
    mistakes = []
    if values["BFF_ENV"] == Environment.PRODUCTION and public_url.startswith("http://"):
        mistakes.append("BFF_PUBLIC_URL must be https when BFF_ENV is production")
    if values["LEGACY_DATABASE_URL"] and not values["LEGACY_ORG"]:
        mistakes.append("LEGACY_ORG is missing: LEGACY_DATABASE_URL holds the rows of one organisation")
    return mistakes + find_message_mistakes(values)


def _read_cache(given: Mapping[str, str], mistakes: list[str]) -> CacheSettings | None:
    try:
        return parse_cache_settings({name: text for name, text in given.items() if text})
    except ValueError as error:
        if not any(mistake.startswith("REDIS_") for mistake in mistakes):
            mistakes.append(str(error))
        return None


def _read_salesforce(given: Mapping[str, str], mistakes: list[str]) -> SalesforceSettings | None:
    """`sf_sync` reads its own variables; it tells its first mistake only, so ours about the same name comes before."""
    try:
        return SalesforceSettings.from_env({name: text for name, text in given.items() if text})
    except SalesforceSettingError as error:
        if not any(mistake.startswith("SALESFORCE_") for mistake in mistakes):
            mistakes.append(str(error))
        return None


def _make_settings(values: dict[str, Any], cache: CacheSettings, salesforce: SalesforceSettings) -> Settings:
    return Settings(
        environment=Environment(values["BFF_ENV"]),
        public_url=values["BFF_PUBLIC_URL"],
        log_level=values["LOG_LEVEL"],
        web_workers=values["BFF_WEB_WORKERS"],
        eligibility_requests_per_minute=values["ELIGIBILITY_REQUESTS_PER_MINUTE"],
        redis_url=cache.url,
        redis_timeout_s=cache.timeout_s,
        order_timeout_s=values["ORDER_TIMEOUT_S"],
        search=SearchLimits(
            searches_per_minute=values["CUSTOMER_SEARCHES_PER_MINUTE"],
            reveals_per_minute=values["CUSTOMER_REVEALS_PER_MINUTE"],
        ),
        database=DatabaseSettings(
            url=values["DATABASE_URL"],
            owner_url=values["DATABASE_OWNER_URL"] or values["DATABASE_URL"],
            pool_size=values["DATABASE_POOL_SIZE"],
        ),
        identity=IdentitySettings(
            secret_key=values["BFF_SECRET_KEY"],
            session_idle_s=values["SESSION_IDLE_S"],
            session_absolute_s=values["SESSION_ABSOLUTE_S"],
            bearer_issuers_file=values["BEARER_ISSUERS_FILE"],
            trusted_proxy_hops=values["TRUSTED_PROXY_HOPS"],
        ),
        documents=DocumentSettings(
            keys=values["BFF_DOCUMENT_KEYS"],
            clamd_address=values["CLAMD_ADDRESS"],
            uploads_per_hour=values["UPLOADS_PER_HOUR"],
            uploads_per_day=values["UPLOADS_PER_DAY"],
        ),
        salesforce=salesforce,
        codes=make_code_settings(values),
        sms=make_sms_settings(values),
        feed=FeedSettings(
            pubsub_target=values["SALESFORCE_PUBSUB_TARGET"],
            pubsub_tls=values["SALESFORCE_PUBSUB_TLS"],
            pubsub_ca_file=values["SALESFORCE_PUBSUB_CA_FILE"],
            poll_interval_s=values["SALESFORCE_POLL_INTERVAL_S"],
        ),
        legacy=_make_legacy(values),
    )


def _make_legacy(values: dict[str, Any]) -> LegacySettings:
    return LegacySettings(
        url=values["LEGACY_DATABASE_URL"],
        org=values["LEGACY_ORG"],
        table=values["LEGACY_TABLE"],
        columns=values["LEGACY_COLUMNS"] or {},
        customer_is=values["LEGACY_CUSTOMER_IS"],
        folder=values["LEGACY_FOLDER"],
        shadow_reads=values["MIGRATION_SHADOW_READS"],
        mismatch_limit=values["MIGRATION_MISMATCH_LIMIT"],
    )
