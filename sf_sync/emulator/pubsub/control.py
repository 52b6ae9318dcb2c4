"""Single odd things that a person or a test makes happen on the stream: `POST /emulator/stream/<action>`.

Lasting misbehaviour is a switch in `Faults`; what is here happens once, to the streams and events of now.
"""

from collections.abc import Callable, Collection, Mapping
from datetime import datetime
from functools import partial
from typing import Any, TypeAlias
from uuid import uuid4

import msgspec

from sf_sync.emulator.changes import Commit
from sf_sync.emulator.events.drafts import OVERFLOW_ID, make_header
from sf_sync.emulator.events.event import Event, TruncatedEvent, UnknownSchemaEvent
from sf_sync.emulator.events.log import EventLog
from sf_sync.emulator.pubsub.errors import AuthenticationFailed, PubSubRefused, ServiceUnavailable
from sf_sync.emulator.pubsub.subscription import Subscription


class Order(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, rename="camel"):
    """The body of an action; each reads what it needs. Made events are about records of `entity`."""

    entity: str = "Account"
    record_ids: tuple[str, ...] = ()
    change_type: str | None = None
    fields: tuple[str, ...] = ()
    """The fields that a made update names; the values are those of the first record now."""
    count: int = 1


class Outcome(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """How many streams or events were touched, and the id of a schema that was made."""

    touched: int
    schema_id: str | None = None


class UnknownAction(LookupError):
    """There is no such action; the message names those that there are."""


class UnknownEntity(LookupError):
    """This object has no change events."""


Action: TypeAlias = Callable[[Order], Outcome]


class StreamControl:
    """The actions on one org's streams; the first line of each action's docstring says what it does."""

    def __init__(self, log: EventLog, streams: Collection[Subscription]) -> None:
        self._log = log
        self._streams = streams
        self.actions: Mapping[str, Action] = {
            "drop": self._drop,
            "revoke": self._revoke,
            "stall": self._stall,
            "expire": self._expire,
            "duplicate": self._duplicate,
            "gap": self._gap,
            "overflow": self._overflow,
            "wildcard": self._wildcard,
            "merged": self._merged,
            "undecodable": self._undecodable,
            "unknown-schema": self._unknown_schema,
            "change-schema": self._change_schema,
        }

    @property
    def entities(self) -> Collection[str]:
        """The objects that have change events."""
        return self._log.schemas.current.keys()

    @property
    def open_count(self) -> int:
        return len(self._streams)

    def apply(self, action: str, order: Order) -> Outcome:
        """Raises UnknownAction, and UnknownEntity for an object without change events."""
        act = self.actions.get(action)
        if act is None:
            raise UnknownAction(f"Unknown action: {action}. The actions are: {', '.join(self.actions)}.")
        if order.entity not in self._log.schemas.current:
            raise UnknownEntity(f"{order.entity} has no change events.")
        return act(order)

    def _drop(self, _order: Order) -> Outcome:
        """Cut every open stream (UNAVAILABLE); new ones may be opened."""
        return self._fail(ServiceUnavailable("The stream was reset."))

    def _revoke(self, _order: Order) -> Outcome:
        """End every open stream with UNAUTHENTICATED, as after a revoked session."""
        return self._fail(AuthenticationFailed("Authentication failed: the session was revoked."))

    def _stall(self, _order: Order) -> Outcome:
        """Let the open streams fall silent for good without closing them; new ones work."""
        for stream in self._streams:
            stream.stalled = True
        return Outcome(touched=len(self._streams))

    def _expire(self, _order: Order) -> Outcome:
        """Forget all events so far, so that every replay id handed out until now is refused."""
        return Outcome(touched=self._log.expire())

    def _duplicate(self, order: Order) -> Outcome:
        """Deliver the last `count` events of the object again under other replay ids."""
        topic = f"/data/{self._log.schemas.current[order.entity].name}"
        again = list(self._log.read_latest(topic, order.count))
        for event in again:
            self._log.publish(partial(_repeat, event))
        return Outcome(touched=len(again))

    def _gap(self, order: Order) -> Outcome:
        """Send a gap event about `recordIds` (`changeType` GAP_UPDATE unless given)."""
        return self._publish(Event, order, order.record_ids, order.change_type or "GAP_UPDATE")

    def _overflow(self, order: Order) -> Outcome:
        """Send a GAP_OVERFLOW event: too much changed in one transaction to be told."""
        return self._publish(Event, order, (OVERFLOW_ID,), "GAP_OVERFLOW")

    def _wildcard(self, order: Order) -> Outcome:
        """Send a gap event about all records of the object, as after the conversion of a field."""
        prefix = self._log.org.schema[order.entity].key_prefix
        return self._publish(Event, order, (f"{prefix}*",), order.change_type or "GAP_UPDATE")

    def _merged(self, order: Order) -> Outcome:
        """Send one update event about several `recordIds` that names `fields`."""
        return self._publish(Event, order, order.record_ids, order.change_type or "UPDATE")

    def _undecodable(self, order: Order) -> Outcome:
        """Send an update event about `recordIds` whose payload breaks off inside the header."""
        return self._publish(TruncatedEvent, order, order.record_ids, "UPDATE")

    def _unknown_schema(self, order: Order) -> Outcome:
        """Send an update event about `recordIds` that names a schema which nobody knows."""
        return self._publish(UnknownSchemaEvent, order, order.record_ids, "UPDATE")

    def _change_schema(self, order: Order) -> Outcome:
        """Add a field in front of the object's others: events from now on carry another schema id."""
        schema = self._log.schemas.revise(order.entity)
        return Outcome(touched=1, schema_id=schema.schema_id)

    def _fail(self, refusal: PubSubRefused) -> Outcome:
        for stream in self._streams:
            stream.fail(refusal)
        return Outcome(touched=len(self._streams))

    def _publish(
        self, kind: type[Event], order: Order, record_ids: Collection[str], change_type: str
    ) -> Outcome:
        schema = self._log.schemas.current[order.entity]
        row = self._find_row(order)

        def make(position: int, at: datetime) -> Event:
            header = make_header(
                self._make_commit(at),
                entity=order.entity,
                record_ids=list(record_ids),
                change_type=change_type,
                sequence=1,
            )
            header["changedFields"] = schema.mark(order.fields)
            body = schema.fill(row, order.fields)
            return kind(position=position, at=at, schema=schema, header=header, body=body)

        self._log.publish(make)
        return Outcome(touched=1)

    def _find_row(self, order: Order) -> Mapping[str, Any]:
        ids = order.record_ids[:1]
        row = self._log.org.find(order.entity, ids[0]) if ids else None
        return row or {}

    def _make_commit(self, at: datetime) -> Commit:
        """A commit that is not in the org: what happened below the application server has synthetic keys."""
        org = self._log.org
        return Commit(
            number=org.last_commit_number + 1,
            at=at,
            user_id="",
            origin="",
            transaction_key=str(uuid4()),
            changes=(),
        )


def _repeat(event: Event, position: int, _at: datetime) -> Event:
    return event.repeat(position)
