"""From the events of one response to the plan of what to forget."""

from collections.abc import Sequence
from datetime import UTC, datetime

import structlog
from msgspec import Struct

from sf_sync.feed.header import MalformedHeader
from sf_sync.feed.rules import ForgetAll, Outcome, Plan, Reason, decide, plan_response
from sf_sync.feed.schemas import FetchSchema, Schemas
from sf_sync.pubsub import pubsub_api_pb2 as pb2

LAST_BELIEVABLE_MS = 4_102_444_800_000
"""The year 2100. A garbled number must neither move the feed's idea of time nor overflow a date."""

log = structlog.get_logger(__name__)


class ReadEvents(Struct, frozen=True, kw_only=True):
    """`newest_at` is the newest commit among the events, None when no header told a believable time."""

    plan: Plan
    newest_at: datetime | None
    undecodable: int


class EventReader:
    """Reads the headers of one topic's events. An event that cannot be read never stops the others: it forgets
    everything of its entity, which is right whatever it said.
    """

    def __init__(self, topic: str, entity: str, schemas: Schemas) -> None:
        self._topic = topic
        self._entity = entity
        self._schemas = schemas

    async def read(self, events: Sequence[pb2.ConsumerEvent], fetch: FetchSchema) -> ReadEvents:
        """May wait for a schema; raises nothing."""
        await self._schemas.load({event.event.schema_id for event in events}, fetch)
        outcomes: list[Outcome] = []
        newest_ms, undecodable = 0, 0
        for event in events:
            try:
                outcome, committed_ms = self._read_one(event.event)
                if committed_ms < LAST_BELIEVABLE_MS:
                    newest_ms = max(newest_ms, committed_ms)
            except MalformedHeader as error:
                self._report(event, error)
                outcome = ForgetAll(Reason.UNDECODABLE)
                undecodable += 1
            outcomes.append(outcome)
        return ReadEvents(
            plan=plan_response(outcomes), newest_at=_find_time(newest_ms), undecodable=undecodable
        )

    def _read_one(self, event: pb2.ProducerEvent) -> tuple[Outcome, int]:
        read_header = self._schemas.find(event.schema_id)
        if read_header is None:
            raise MalformedHeader("its schema is missing")
        header = read_header(event.payload)
        return decide(header, entity=self._entity), header.committed_ms

    def _report(self, event: pb2.ConsumerEvent, error: MalformedHeader) -> None:
        """Never the payload: it holds customers' data. The replay id finds the event again for 72 hours."""
        log.error(
            "feed.event_undecodable",
            topic=self._topic,
            replay_id=event.replay_id.hex(),
            schema_id=event.event.schema_id,
            size=len(event.event.payload),
            reason=str(error),
            alarm=True,
        )


def _find_time(newest_ms: int) -> datetime | None:
    return datetime.fromtimestamp(newest_ms / 1_000, UTC) if newest_ms > 0 else None
