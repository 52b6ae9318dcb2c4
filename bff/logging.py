"""One line of JSON per event on standard output, made of fields that are known to be harmless.

A field that is not in `FIELDS` is dropped, so that a careless log call can't tell a phone number, a token, a
document name or an e-mail address. Exceptions are told by type and place and never by their message, because
databases and parsers quote what they were given. Imports nothing of the product.
"""

import logging
import sys
import traceback
from collections.abc import MutableMapping
from contextvars import ContextVar
from typing import Any

import msgspec
import structlog

REQUEST_ID: ContextVar[str] = ContextVar("request_id", default="")

_FIELD_NAMES = """
    event level at logger request_id worker pid port
    route method status ms org kind
    error errors trace reason cause why how failure alarm problem code state before after size count
    attempt attempts due_s age_s lag_s retry_after_s timeout_s open_s seconds
    delivery delivery_kind order step entry account_id record_id org_id task job_id job_status
    topic position replay_id schema_id entity sobject field fields value_kind type
    key namespace fencing channel server generation reads hits lane call client limit used share path
"""
FIELDS = frozenset(_FIELD_NAMES.split())
"""`field` is a Salesforce field API name; `path` a route or API path without its query; ids are ids, not names."""

NOISY = (
    "httpx",
    "httpcore",
    "uvicorn.access",
    "uvicorn.error",
    "procrastinate",
    "sqlalchemy",
    "alembic",
    "psycopg",
)

_encoder = msgspec.json.Encoder(enc_hook=str)


def get_request_id() -> str:
    return REQUEST_ID.get() or "none"


def configure_logging(level: str = "info") -> None:
    """For the whole process: our own events and, from WARNING up, those of the libraries."""
    number = logging.getLevelNamesMapping()[level.upper()]
    structlog.configure(
        processors=[
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True, key="at"),
            add_request_id,
            tell_exception,
            keep_known_fields,
            render,
        ],
        wrapper_class=structlog.make_filtering_bound_logger(number),
        logger_factory=structlog.BytesLoggerFactory(file=sys.stdout.buffer),
        cache_logger_on_first_use=True,
    )
    root = logging.getLogger()
    root.handlers[:] = [LibraryHandler()]
    root.setLevel(max(number, logging.INFO))
    for name in NOISY:
        logging.getLogger(name).setLevel(logging.WARNING)


class LibraryHandler(logging.Handler):
    """Library records lose their arguments, which hold addresses, statements and job arguments."""

    def emit(self, record: logging.LogRecord) -> None:
        error = record.exc_info[1] if record.exc_info else None
        structlog.get_logger().log(
            record.levelno,
            "library",
            logger=record.name,
            reason=str(record.msg)[:200] if isinstance(record.msg, str) else type(record.msg).__name__,
            **({"error": type(error).__name__, "trace": format_exception(error)} if error else {}),
        )


def add_request_id(_: Any, __: str, event: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
    if request_id := REQUEST_ID.get():
        event["request_id"] = request_id
    return event


def tell_exception(_: Any, __: str, event: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
    given = event.pop("exc_info", None)
    error = sys.exc_info()[1] if given is True else given
    if isinstance(error, BaseException):
        event["error"] = type(error).__name__
        event["trace"] = format_exception(error)
    return event


def keep_known_fields(_: Any, __: str, event: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
    return {key: value for key, value in event.items() if key in FIELDS}


def render(_: Any, __: str, event: MutableMapping[str, Any]) -> bytes:
    return _encoder.encode(event)


def format_exception(error: BaseException) -> list[str]:
    """Types and places from the cause outwards, without messages; frames innermost last, at most 12 for each."""
    told: list[str] = []
    seen: BaseException | None = error
    while seen is not None and len(told) < 60:
        frames = traceback.extract_tb(seen.__traceback__)[-12:]
        told += [f"{frame.filename.rpartition('/')[2]}:{frame.lineno} {frame.name}" for frame in frames]
        told.append(type(seen).__qualname__)
        seen = seen.__cause__ or seen.__context__
    return told
