"""One event on the bus: header, body and place in the log, with its bytes made once when first asked for."""

import time
from collections.abc import Mapping
from datetime import datetime
from functools import cached_property
from io import BytesIO
from typing import Any
from uuid import NAMESPACE_OID, uuid5

import fastavro

from sf_sync.emulator.avro.schema import EventSchema
from sf_sync.emulator.events.frames import format_event_frame
from sf_sync.emulator.events.positions import format_replay_id

LARGEST_EVENT = 1_000_000
"""Bytes of payload; what is larger reaches subscribers as a gap (the platform's limit is 1 MB)."""

Header = Mapping[str, Any]


class Event:
    """An event that can be delivered. Events are kept by the ten thousand, so bytes are made on first delivery."""

    def __init__(
        self, *, position: int, at: datetime, schema: EventSchema, header: Header, body: Mapping[str, Any]
    ) -> None:
        self.position = position
        self.at = at
        self.schema = schema
        self.header = header
        self.body = body
        self.seen_s = time.monotonic()
        """When it reached the log, on this machine's monotonic clock."""

    @property
    def entity(self) -> str:
        return self.schema.entity

    @property
    def schema_id(self) -> str:
        """The id that the event names; a damaged event may name one that nobody knows."""
        return self.schema.schema_id

    @property
    def event_id(self) -> str:
        """The same for a repeated delivery of the same change."""
        name = f"{self.header['transactionKey']}:{self.header['sequenceNumber']}"
        return str(uuid5(NAMESPACE_OID, name))

    def encode_payload(self) -> bytes:
        payload = encode(self.schema, self.header, self.body)
        if len(payload) > LARGEST_EVENT:
            return encode(self.schema, make_gap_header(self.header), {})
        return payload

    @cached_property
    def frame(self) -> bytes:
        """The event as an element of a FetchResponse."""
        return format_event_frame(
            event_id=self.event_id,
            schema_id=self.schema_id,
            payload=self.encode_payload(),
            replay_id=format_replay_id(self.position),
        )

    def repeat(self, position: int) -> "Event":
        """The same change once more, under another replay id."""
        return Event(position=position, at=self.at, schema=self.schema, header=self.header, body=self.body)


class TruncatedEvent(Event):
    """Its payload ends inside the header, so that no schema can read it."""

    def encode_payload(self) -> bytes:
        return super().encode_payload()[:5]


class UnknownSchemaEvent(Event):
    """It names a schema that GetSchema refuses."""

    @property
    def schema_id(self) -> str:
        return "unknown-schema-idAAAAA"


def encode(schema: EventSchema, header: Header, body: Mapping[str, Any]) -> bytes:
    """One Avro datum, binary, without container or schema prefix."""
    out = BytesIO()
    fastavro.schemaless_writer(out, schema.parsed, {"ChangeEventHeader": header, **body})
    return out.getvalue()


def make_gap_header(header: Header) -> dict[str, Any]:
    """The header of the gap event that stands in for a change which could not be told."""
    kind = str(header["changeType"]).removeprefix("GAP_")
    return {
        **header,
        "changeType": f"GAP_{kind}",
        "changeOrigin": "",
        "nulledFields": [],
        "diffFields": [],
        "changedFields": [],
    }
