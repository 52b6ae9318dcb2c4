"""Why a stream ended, and what to do about it, as data. Codes: Pub/Sub API guide, "Pub/Sub API Errors"."""

import random
from enum import StrEnum

from grpc import StatusCode
from msgspec import Struct

CODE_PREFIX = "sfdc.platform.eventbus.grpc."


class Remedy(StrEnum):
    """What the feed does next."""

    RETRY = "retry"
    """Back off and resume from the position; for ever."""
    SIGN_IN = "sign_in"
    """The token was refused: take a new one, then as `retry`."""
    START_OVER = "start_over"
    """The position is expired or unknown to Salesforce: forget everything and go on from now."""
    WAIT = "wait"
    """Refused for a reason that only people can mend: raise an alarm, try slowly; polling covers meanwhile."""


class Trouble(Struct, frozen=True, kw_only=True):
    """`code` is stable and safe to show: Salesforce's own code without its prefix, or ours."""

    remedy: Remedy
    code: str


class StreamEnded(Exception):
    """The subscription is over, whoever ended it. `detail` is what the server said, for its operators' support."""

    def __init__(self, trouble: Trouble, detail: str = "") -> None:
        super().__init__(f"{trouble.code}: {detail}" if detail else trouble.code)
        self.trouble = trouble
        self.detail = detail


SILENT = Trouble(remedy=Remedy.RETRY, code="silent")
"""No response within the watchdog's time: a half-open connection looks like this."""
CLOSED = Trouble(remedy=Remedy.RETRY, code="closed")
"""The server ended the stream in order."""
NO_TOKEN = Trouble(remedy=Remedy.RETRY, code="no_token")
"""Salesforce gave no access token."""

# A refusal counts as a lost position only by these codes: any other INVALID_ARGUMENT (about a schema, say) must
# never wipe the position.
_LOST_POSITION = ("subscription.fetch.replayid.corrupted", "subscription.fetch.replayid.validation.failed")
_BY_STATUS = {
    StatusCode.UNAUTHENTICATED: Remedy.SIGN_IN,
    StatusCode.INVALID_ARGUMENT: Remedy.WAIT,
    StatusCode.NOT_FOUND: Remedy.WAIT,
    StatusCode.PERMISSION_DENIED: Remedy.WAIT,
    StatusCode.RESOURCE_EXHAUSTED: Remedy.WAIT,
    StatusCode.FAILED_PRECONDITION: Remedy.WAIT,
    StatusCode.UNIMPLEMENTED: Remedy.WAIT,
}
_BY_CODE = {
    **dict.fromkeys(_LOST_POSITION, Remedy.START_OVER),
    "service.auth.error": Remedy.SIGN_IN,
    "service.auth.headers.invalid": Remedy.SIGN_IN,
    "subscription.limit.exceeded": Remedy.WAIT,
    "subscription.internal.error": Remedy.RETRY,
    "topic.api.unavailable": Remedy.RETRY,
    "schema.api.unavailable": Remedy.RETRY,
    "service.unavailable": Remedy.RETRY,
}


def classify(status: StatusCode, *, error_code: str | None) -> Trouble:
    """What to do about a failed call. `error_code` is the trailing metadata `error-code`, when there was one.

    Salesforce's own code decides where we know it, else the gRPC status; statuses not listed are passing.
    """
    code = (error_code or "").removeprefix(CODE_PREFIX)
    remedy = _BY_CODE.get(code) or _BY_STATUS.get(status, Remedy.RETRY)
    return Trouble(remedy=remedy, code=code or status.name.lower())


def plan_backoff_s(failures: int, *, first_s: float, cap_s: float) -> float:
    """Before the next try after `failures` (1, 2, …) in a row: doubling, capped, half of it random."""
    ceiling: float = min(cap_s, first_s * 2 ** min(failures - 1, 30))
    return ceiling * random.uniform(0.5, 1.0)  # noqa: S311 (spreads load, keeps no secret)
