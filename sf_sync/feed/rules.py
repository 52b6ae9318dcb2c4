"""What an event means for the cache. Pure. Events only make entries forgotten, so order and repeats are harmless."""

import re
from collections.abc import Iterable
from enum import StrEnum

from msgspec import Struct

from sf_sync.feed.header import EventHeader
from sf_sync.ids import InvalidRecordId, parse_record_id


class Reason(StrEnum):
    """Why everything known of an entity is forgotten."""

    OVERFLOW = "overflow"
    """More than 100,000 changes in one transaction: Salesforce names no records."""
    WILDCARD = "wildcard"
    """`001*`: a field was converted on every record."""
    NO_USABLE_ID = "no_usable_id"
    """The header lists no record, or something that is no record id."""
    UNDECODABLE = "undecodable"
    """The header cannot be read, or its schema is refused."""
    STARTED_OVER = "started_over"
    """The position in the stream was lost or expired: anything may have changed meanwhile."""
    LONG_UNWATCHED = "long_unwatched"
    """Polling starts, and the last moment the cache was surely right is too long ago to list what changed."""


class Forget(Struct, frozen=True):
    """These records changed (18-character ids)."""

    record_ids: tuple[str, ...]


class ForgetAll(Struct, frozen=True):
    """Any record of the entity may have changed."""

    reason: Reason


class Nothing(Struct, frozen=True):
    """The event is about another entity of a shared channel."""


Outcome = Forget | ForgetAll | Nothing

OVERFLOW_TYPE = "GAP_OVERFLOW"
OVERFLOW_ID = "000000000000000AAA"
# Salesforce made these ids: checking each one's checksum would cost more than all the rest of the decision.
_FULL_ID = re.compile(r"[A-Za-z0-9]{15}[A-Z0-5]{3}").fullmatch


def decide(header: EventHeader, *, entity: str) -> Outcome:
    """The outcome of one event. Every change type forgets its records: also types we have never heard of, and
    our own writes, since another process may have filled the entry in between.
    """
    if header.change_type == OVERFLOW_TYPE or OVERFLOW_ID in header.record_ids:
        return ForgetAll(Reason.OVERFLOW) if header.entity == entity else Nothing()
    if header.entity != entity:
        return Nothing()
    if not header.record_ids:
        return ForgetAll(Reason.NO_USABLE_ID)
    if all(map(_FULL_ID, header.record_ids)):
        return Forget(header.record_ids)
    return _decide_odd_ids(header.record_ids)


def _decide_odd_ids(record_ids: tuple[str, ...]) -> Outcome:
    if any("*" in record_id for record_id in record_ids):
        return ForgetAll(Reason.WILDCARD)
    try:
        return Forget(tuple(parse_record_id(record_id) for record_id in record_ids))
    except InvalidRecordId:
        return ForgetAll(Reason.NO_USABLE_ID)


class Plan(Struct, frozen=True):
    """One response's events together: the records to forget, each once; or everything, with the reasons."""

    record_ids: tuple[str, ...]
    reasons: tuple[Reason, ...]


def plan_response(outcomes: Iterable[Outcome]) -> Plan:
    record_ids: dict[str, None] = {}
    reasons: dict[Reason, None] = {}
    for outcome in outcomes:
        match outcome:
            case Forget(ids):
                record_ids.update(dict.fromkeys(ids))
            case ForgetAll(reason):
                reasons[reason] = None
            case Nothing():
                pass
    return Plan(() if reasons else tuple(record_ids), tuple(reasons))
