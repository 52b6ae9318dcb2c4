"""Every variable that the product reads, once: what it means, how it is parsed, what holds when it is absent."""

from collections.abc import Callable
from typing import Any

import msgspec

from bff.settings import parsing
from sf_sync.settings import AccountFieldNames


class Variable(msgspec.Struct, frozen=True, kw_only=True):
    """`default` is text as it would stand in the environment; None means "none", and an error if `required`."""

    name: str
    doc: str
    parse: Callable[[str], Any] = parsing.parse_text
    default: str | None = None
    required: bool = False
    secret: bool = False


def _variable(name: str, doc: str, **options: Any) -> Variable:
    return Variable(name=name, doc=doc, **options)


WEB = (
    _variable(
        "BFF_ENV",
        "development or production. Development adds dev-login and lets http through on localhost.",
        parse=parsing.parse_environment,
        default="production",
    ),
    _variable(
        "BFF_PUBLIC_URL",
        "Where browsers reach the portal; the origin that unsafe requests must come from. https in production.",
        parse=parsing.parse_web_url,
        default="http://localhost:8000",
    ),
    _variable(
        "BFF_SECRET_KEY",
        "At least 32 random characters; binds CSRF tokens to sessions. Changing it only makes pages reload.",
        parse=parsing.parse_secret_key,
        required=True,
        secret=True,
    ),
    _variable(
        "BFF_WEB_WORKERS", "Web processes of one `bff serve`.", parse=parsing.parse_positive, default="1"
    ),
    _variable("LOG_LEVEL", "debug, info, warning or error.", parse=parsing.parse_log_level, default="info"),
)

ENGINES = (
    _variable(
        "DATABASE_URL",
        "PostgreSQL 15 to 18. The login must be allowed to become portal_app (GRANT portal_app TO <login>).",
        parse=parsing.parse_database_url,
        required=True,
        secret=True,
    ),
    _variable(
        "DATABASE_OWNER_URL",
        "The login that owns the schema, for `bff db upgrade`. Without it DATABASE_URL is used.",
        parse=parsing.parse_database_url,
        secret=True,
    ),
    _variable(
        "DATABASE_POOL_SIZE", "Connections kept per process.", parse=parsing.parse_positive, default="10"
    ),
    _variable("REDIS_URL", "Redis 7+ or Valkey.", parse=parsing.parse_redis_url, required=True, secret=True),
    _variable(
        "REDIS_TIMEOUT_S",
        "Longest wait for one answer of Redis; the product goes on without it then.",
        parse=parsing.parse_seconds,
        default="0.5",
    ),
)

IDENTITY = (
    _variable(
        "SESSION_IDLE_S",
        "A session ends after this long without a request.",
        parse=parsing.parse_positive,
        default="1800",
    ),
    _variable(
        "SESSION_ABSOLUTE_S",
        "A session ends this long after sign-in, whatever happens.",
        parse=parsing.parse_positive,
        default="43200",
    ),
    _variable(
        "BEARER_ISSUERS_FILE",
        "JSON list of {issuer, audience, algorithm, jwksFile or jwksUrl, orgs?}. Without it no bearer is accepted.",
        parse=parsing.parse_file,
    ),
    _variable(
        "TRUSTED_PROXY_HOPS",
        "How many proxies of ours append to X-Forwarded-For; 0 takes the address of the connection.",
        parse=parsing.parse_whole,
        default="0",
    ),
    _variable(
        "ELIGIBILITY_REQUESTS_PER_MINUTE",
        "Eligibility requests that one account may send in a minute.",
        parse=parsing.parse_positive,
        default="60",
    ),
    _variable(
        "CUSTOMER_SEARCHES_PER_MINUTE",
        "Searches for customers that one member of staff or machine client may send in a minute.",
        parse=parsing.parse_positive,
        default="60",
    ),
    _variable(
        "CUSTOMER_REVEALS_PER_MINUTE",
        "How many of them may reveal phone numbers and e-mail addresses.",
        parse=parsing.parse_positive,
        default="20",
    ),
    _variable(
        "ORDER_TIMEOUT_S",
        "How long an order may wait for Salesforce; after it the customer is told to try again.",
        parse=parsing.parse_seconds,
        default="0.75",
    ),
)

DOCUMENTS = (
    _variable(
        "BFF_DOCUMENT_KEYS",
        "Keys that seal documents waiting for delivery: id:base64 of 32 bytes, comma separated. The first one seals,"
        " all of them open: put a new key in front, and drop the old one when nothing waits under it.",
        parse=parsing.parse_document_keys,
        required=True,
        secret=True,
    ),
    _variable(
        "CLAMD_ADDRESS",
        "host:port of a clamd that scans documents. Without it none is scanned; with it, only a clean answer passes.",
        parse=parsing.parse_target,
    ),
    _variable(
        "UPLOADS_PER_HOUR",
        "Documents that one account may send in an hour.",
        parse=parsing.parse_positive,
        default="5",
    ),
    _variable(
        "UPLOADS_PER_DAY",
        "Documents that one account may send in a day.",
        parse=parsing.parse_positive,
        default="20",
    ),
)

MESSAGES = (
    _variable(
        "BFF_CODE_PEPPER",
        "At least 32 random characters; the key of one-time codes, which the database must not hold. Needed outside"
        " development. Changing it ends the codes and confirmations of the last minutes.",
        parse=parsing.parse_secret_key,
        secret=True,
    ),
    _variable(
        "BFF_FIXED_CODE",
        "Six digits that every one-time code is then. Development only.",
        parse=parsing.parse_fixed_code,
    ),
    _variable(
        "CODES_PER_ORG_PER_HOUR",
        "One-time codes that one organisation sends in an hour, at most.",
        parse=parsing.parse_positive,
        default="1000",
    ),
    _variable(
        "SMS_SENDER",
        "console or twilio. console writes messages to the output of the web process, and is what development does."
        " Outside development no messages are sent without it.",
        parse=parsing.parse_sms_sender,
    ),
    _variable(
        "SMS_TIMEOUT_S",
        "Longest wait for the sender's answer; after it a message counts as sent.",
        parse=parsing.parse_seconds,
        default="5",
    ),
    _variable("TWILIO_ACCOUNT_SID", "The account, such as AC….", parse=parsing.parse_twilio_account),
    _variable("TWILIO_AUTH_TOKEN", "Its token.", secret=True),
    _variable(
        "TWILIO_SENDER", "The number or name that messages come from, or the id of a messaging service (MG…)."
    ),
    _variable(
        "TWILIO_URL",
        "Twilio's API; other regions have other addresses.",
        parse=parsing.parse_web_url,
        default="https://api.twilio.com",
    ),
)

SALESFORCE = (
    _variable(
        "SALESFORCE_URL",
        "The org's My Domain address, such as https://example.my.salesforce.com. http on localhost only.",
        parse=parsing.parse_web_url,
        required=True,
    ),
    _variable(
        "SALESFORCE_LOGIN_URL",
        "Where tokens are fetched. Without it SALESFORCE_URL is used.",
        parse=parsing.parse_web_url,
    ),
    _variable("SALESFORCE_CLIENT_ID", "Consumer key of the connected app.", required=True),
    _variable(
        "SALESFORCE_CLIENT_SECRET",
        "For the client credentials flow. Give this, or SALESFORCE_USERNAME with SALESFORCE_PRIVATE_KEY_FILE.",
        secret=True,
    ),
    _variable("SALESFORCE_USERNAME", "The integration user, for the JWT bearer flow."),
    _variable(
        "SALESFORCE_PRIVATE_KEY_FILE", "PEM file of the key registered there.", parse=parsing.parse_file
    ),
    _variable("SALESFORCE_JWT_AUDIENCE", "`aud` of that JWT. Without it the login address is used."),
    _variable("SALESFORCE_API_VERSION", "REST API version.", default="66.0"),
    _variable(
        "SALESFORCE_PUBSUB_TARGET",
        "host:port of the Pub/Sub API.",
        parse=parsing.parse_target,
        default="api.pubsub.salesforce.com:7443",
    ),
    _variable(
        "SALESFORCE_PUBSUB_TLS", "false for a local emulator only.", parse=parsing.parse_flag, default="true"
    ),
    _variable(
        "SALESFORCE_PUBSUB_CA_FILE", "PEM file of a private CA for that host.", parse=parsing.parse_file
    ),
    _variable(
        "SALESFORCE_CONCURRENCY", "Calls in flight per process.", parse=parsing.parse_positive, default="10"
    ),
    _variable(
        "SALESFORCE_TIMEOUT_S", "Longest wait for one answer.", parse=parsing.parse_seconds, default="2"
    ),
    _variable(
        "SALESFORCE_POLL_INTERVAL_S",
        "How often changes are polled while the change stream is away.",
        parse=parsing.parse_seconds,
        default="10",
    ),
)

ACCOUNT_FIELDS = tuple(
    _variable(
        f"SALESFORCE_FIELD_{field.name.upper()}",
        f"API name of the Account field for: {field.name.replace('_', ' ')}.",
        default=str(field.default),
    )
    for field in msgspec.structs.fields(AccountFieldNames)
)

OFFERS = tuple(
    _variable(f"SALESFORCE_OFFER_{name}", doc, default=default)
    for name, doc, default in (
        ("SKU_FIELD", "API name of the Product2 field for the SKU.", "ProductCode"),
        ("TYPE_FIELD", "The one that tells internet from SIM.", "Portal_Product_Type__c"),
        ("INTERNET_VALUE", "What that field says of an internet offer.", "Internet"),
        ("SIM_VALUE", "What that field says of a SIM offer.", "SIM"),
        (
            "RESULT_FIELD",
            "The one for the eligibility results that an internet offer is for; an empty one fits any.",
            "Portal_Eligibility_Result__c",
        ),
        (
            "CURRENCY_FIELD",
            "The one on PricebookEntry and Order for the currency; none in an org with a single currency.",
            "CurrencyIsoCode",
        ),
        ("CURRENCY", "The currency of an org with a single one.", "JPY"),
    )
)

LEGACY = (
    _variable(
        "LEGACY_DATABASE_URL",
        "The older portal's PostgreSQL, while its documents are moved. Without it the table is looked for in our own.",
        parse=parsing.parse_database_url,
        secret=True,
    ),
    _variable("LEGACY_ORG", "Slug of the organisation whose rows it holds."),
    _variable(
        "LEGACY_TABLE",
        "Its table, with its schema where that is not public.",
        parse=parsing.parse_table_name,
        default="residence_card_submissions",
    ),
    _variable(
        "LEGACY_COLUMNS",
        "Columns that are named otherwise, such as customer_id=user_id,content=file_data; nothing after = where there"
        " is none.",
        parse=parsing.parse_columns,
    ),
    _variable(
        "LEGACY_CUSTOMER_IS",
        "What its customer column holds: customer (our id), user, email or account.",
        parse=parsing.parse_customer_key,
        default="customer",
    ),
    _variable(
        "LEGACY_FOLDER",
        "Folder with the documents, where the content column holds paths below it instead of bytes.",
        parse=parsing.parse_folder,
    ),
    _variable(
        "MIGRATION_SHADOW_READS",
        "Compared reads without one mismatch before Salesforce begins to answer.",
        parse=parsing.parse_positive,
        default="100000",
    ),
    _variable(
        "MIGRATION_MISMATCH_LIMIT",
        "Share of mismatched reads at which a ramp steps back by itself.",
        parse=parsing.parse_share,
        default="0.001",
    ),
)

SECTIONS = (
    ("Web", WEB),
    ("Engines (`bff up` starts those that are absent, in development)", ENGINES),
    ("Sign-in and limits", IDENTITY),
    ("Identity documents", DOCUMENTS),
    ("Text messages and one-time codes", MESSAGES),
    ("Salesforce", SALESFORCE),
    ("Names of the Account fields in the org", ACCOUNT_FIELDS),
    ("How the org's products say what they are", OFFERS),
    ("Documents of an older portal, while they are moved to Salesforce", LEGACY),
)

VARIABLES = tuple(variable for _, variables in SECTIONS for variable in variables)
