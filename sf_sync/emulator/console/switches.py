"""The fault switches as a form: what each is called, which group it stands in, and how its field is read."""

from collections.abc import Mapping
from typing import Any, Literal

import msgspec

from sf_sync.emulator.faults import Faults

Kind = Literal["switch", "number", "text"]


class Label(msgspec.Struct, frozen=True):
    """How a switch is shown to people."""

    group: str
    title: str
    hint: str = ""


class Switch(msgspec.Struct, frozen=True, kw_only=True):
    """A switch with its present state. `value` is what the form field shows."""

    name: str
    label: Label
    kind: Kind
    value: str
    is_on: bool
    """Not at its default, so it does something now."""


SCOPE = "Which calls"
TIME = "Time"
ANSWERS = "Refusals and odd answers"
CUTS = "Cut connections"
STREAM_REFUSALS = "Change events: refusals"
STREAM_DELIVERY = "Change events: delivery"
STREAM_CONTENT = "Change events: content"

LABELS: Mapping[str, Label] = {
    "path_prefix": Label(SCOPE, "Only paths that start with", "Applies to the REST switches below."),
    "method": Label(SCOPE, "Only this method", "GET, POST, PATCH or DELETE; empty means every method."),
    "times": Label(SCOPE, "Only so many calls", "Empty means for ever."),
    "seed": Label(SCOPE, "Seed of the dice", "Repeats a run with ratios; empty means a new one each time."),
    "latency_s": Label(TIME, "Latency", "Seconds added to every call."),
    "upsert_window_s": Label(
        TIME, "Upsert window", "Seconds between looking up a key and inserting it: opens a race."
    ),
    "unavailable": Label(ANSWERS, "Service unavailable", "503 SERVER_UNAVAILABLE."),
    "unavailable_ratio": Label(ANSWERS, "Share of calls unavailable", "From 0 to 1."),
    "html_error": Label(ANSWERS, "HTML error page", "502 with a page in place of JSON."),
    "empty_body": Label(ANSWERS, "Empty answer", "200 without a body, though the call was carried out."),
    "request_limit": Label(ANSWERS, "Request limit reached", "403 REQUEST_LIMIT_EXCEEDED."),
    "expired_session": Label(ANSWERS, "Session expired", "401 INVALID_SESSION_ID, for new tokens too."),
    "lock_rows": Label(ANSWERS, "Rows locked", "400 UNABLE_TO_LOCK_ROW on every write."),
    "wrong_account_id": Label(ANSWERS, "Another account's row", "Account rows carry the id of another one."),
    "unknown_picklist": Label(ANSWERS, "Unknown picklist value", "Statuses that nobody has agreed on."),
    "cut_before": Label(CUTS, "Cut before the call", "Nothing was done."),
    "cut_before_ratio": Label(CUTS, "Share of calls cut before", "From 0 to 1."),
    "cut_after_commit": Label(CUTS, "Cut after the commit", "It was done, but nobody was told."),
    "cut_after_ratio": Label(CUTS, "Share of calls cut after", "From 0 to 1."),
    "stream_unavailable": Label(STREAM_REFUSALS, "Stream unavailable", "New calls get UNAVAILABLE."),
    "stream_unauthenticated": Label(
        STREAM_REFUSALS, "Stream unauthenticated", "New calls get UNAUTHENTICATED, whatever the token."
    ),
    "stream_missing_topics": Label(
        STREAM_REFUSALS, "Topics not found", "Separated by spaces, such as /data/AccountChangeEvent."
    ),
    "stream_replay_expired": Label(
        STREAM_REFUSALS, "Replay ids expired", "Every stored position is refused as corrupted."
    ),
    "stream_schema_unavailable": Label(STREAM_REFUSALS, "Schemas unavailable", "GetSchema is refused."),
    "stream_delivery_limit": Label(
        STREAM_REFUSALS, "Events that may still be delivered", "Empty means no limit; 0 ends streams."
    ),
    "stream_stalled": Label(STREAM_DELIVERY, "Silent", "Streams stay open and nothing arrives."),
    "stream_delay_s": Label(STREAM_DELIVERY, "Delay", "Seconds between commit and delivery."),
    "stream_duplicates": Label(STREAM_CONTENT, "Everything twice", "Under another replay id."),
    "stream_merge": Label(
        STREAM_CONTENT, "Merge equal updates", "One event with several record ids for one transaction."
    ),
    "stream_gaps": Label(STREAM_CONTENT, "Gaps only", "Events carry record ids and nothing else."),
}


def list_switches(faults: Faults) -> dict[str, list[Switch]]:
    """The switches by group, in the order in which they are shown."""
    groups: dict[str, list[Switch]] = {}
    for name, label in LABELS.items():
        value = getattr(faults, name)
        groups.setdefault(label.group, []).append(
            Switch(
                name=name,
                label=label,
                kind=_get_kind(name),
                value=_format_value(value),
                is_on=value != getattr(DEFAULTS, name),
            )
        )
    return groups


def parse_switches(form: Mapping[str, str]) -> dict[str, Any]:
    """Every switch from a sent form; an unticked box is off. Raises ValueError naming the field to mend."""
    return {name: _parse_value(name, form.get(name, "")) for name in LABELS}


DEFAULTS = Faults()


def _get_kind(name: str) -> Kind:
    default = getattr(DEFAULTS, name)
    if isinstance(default, bool):
        return "switch"
    return "text" if isinstance(default, str | tuple) else "number"


def _format_value(value: Any) -> str:
    if value is None or value is False:
        return ""
    return " ".join(value) if isinstance(value, tuple) else str(value)


def _parse_value(name: str, text: str) -> Any:
    default = getattr(DEFAULTS, name)
    text = text.strip()
    if isinstance(default, bool):
        return bool(text)
    if isinstance(default, tuple):
        return tuple(text.split())
    if isinstance(default, str):
        return text
    if not text:
        return default
    try:
        number = float(text)
    except ValueError:
        raise ValueError(f"{LABELS[name].title}: this must be a number.") from None
    return number if isinstance(default, float) else int(number)
