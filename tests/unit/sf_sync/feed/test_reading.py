import asyncio
from datetime import UTC, datetime

import pytest

from sf_sync.feed.reading import EventReader
from sf_sync.feed.rules import Plan, Reason
from sf_sync.feed.schemas import ASK_AGAIN_AFTER_S, Schemas
from sf_sync.feed.troubles import Remedy, StreamEnded, Trouble
from sf_sync.pubsub import pubsub_api_pb2 as pb2
from tests.fixtures.change_events import dump, encode, make_header, make_schema

SCHEMA = make_schema()
NEWER = make_schema(extra=("Portal_New__c",))
PASSING = Trouble(remedy=Remedy.RETRY, code="unavailable")
FINAL = Trouble(remedy=Remedy.WAIT, code="schema.validation.failed")


class Library:
    """Gives schemas and counts how often it is asked; the first answers may be troubles."""

    def __init__(self, *troubles: Trouble) -> None:
        self.schemas = {"old": dump(SCHEMA), "new": dump(NEWER), "broken": "<html>"}
        self.asked: list[str] = []
        self._troubles = list(troubles)

    async def fetch(self, schema_id: str) -> str:
        self.asked.append(schema_id)
        await asyncio.sleep(0)
        if self._troubles:
            raise StreamEnded(self._troubles.pop(0))
        return self.schemas[schema_id]


def make_event(record_id: str, *, schema_id: str = "old", committed_ms: int = 1_000) -> pb2.ConsumerEvent:
    schema = NEWER if schema_id == "new" else SCHEMA
    payload = encode(schema, make_header(recordIds=[record_id], commitTimestamp=committed_ms))
    return pb2.ConsumerEvent(event=pb2.ProducerEvent(schema_id=schema_id, payload=payload), replay_id=b"\x01")


def make_reader(*, patience_s: float = 1.0) -> EventReader:
    return EventReader("/data/AccountChangeEvent", "Account", Schemas(patience_s=patience_s))


ONE, TWO = "001000000000001AAA", "001000000000002AAA"


class TestEventReader:
    @pytest.mark.asyncio
    async def test_reads_each_event_by_its_own_schema(self) -> None:
        library = Library()

        read = await make_reader().read([make_event(ONE), make_event(TWO, schema_id="new")], library.fetch)

        assert read.plan == Plan((ONE, TWO), ())
        assert sorted(library.asked) == ["new", "old"]

    @pytest.mark.asyncio
    async def test_tells_the_newest_commit(self) -> None:
        events = [make_event(ONE, committed_ms=5_000), make_event(TWO, committed_ms=4_000)]

        assert (await make_reader().read(events, Library().fetch)).newest_at == datetime.fromtimestamp(5, UTC)

    @pytest.mark.asyncio
    @pytest.mark.parametrize("committed_ms", [2**63 - 1, -(2**63), 0, 4_102_444_800_000])
    async def test_does_not_believe_an_absurd_time(self, committed_ms: int) -> None:
        read = await make_reader().read([make_event(ONE, committed_ms=committed_ms)], Library().fetch)

        assert read.newest_at is None
        assert read.plan == Plan((ONE,), ())

    @pytest.mark.asyncio
    async def test_forgets_everything_for_an_event_that_cannot_be_read(self) -> None:
        broken = make_event(ONE)
        broken.event.payload = broken.event.payload[:20]

        read = await make_reader().read([make_event(TWO), broken], Library().fetch)

        assert read.plan == Plan((), (Reason.UNDECODABLE,))
        assert (read.undecodable, read.newest_at) == (1, datetime.fromtimestamp(1, UTC))

    @pytest.mark.asyncio
    @pytest.mark.parametrize("schema_id", ["broken", "unknown to Salesforce"])
    async def test_forgets_everything_for_an_event_whose_schema_cannot_be_had(self, schema_id: str) -> None:
        library = Library(FINAL) if schema_id != "broken" else Library()
        event = make_event(ONE)
        event.event.schema_id = schema_id

        read = await make_reader().read([event], library.fetch)

        assert read.plan == Plan((), (Reason.UNDECODABLE,))
        assert library.asked == [schema_id]


class TestSchemas:
    @pytest.mark.asyncio
    async def test_asks_again_while_the_trouble_may_pass(self) -> None:
        schemas, library = Schemas(patience_s=2.0), Library(PASSING, PASSING)

        await schemas.load(["old"], library.fetch)

        assert schemas.find("old") is not None
        assert len(library.asked) == 3

    @pytest.mark.asyncio
    async def test_gives_up_at_once_when_refused_for_good(self) -> None:
        schemas, library = Schemas(patience_s=2.0), Library(FINAL)

        await schemas.load(["old"], library.fetch)

        assert schemas.find("old") is None
        assert len(library.asked) == 1

    @pytest.mark.asyncio
    async def test_holds_the_stream_up_no_longer_than_its_patience(self) -> None:
        schemas, library = Schemas(patience_s=0.05), Library(*[PASSING] * 1_000)
        started = asyncio.get_running_loop().time()

        await schemas.load(["old"], library.fetch)

        assert schemas.find("old") is None
        assert asyncio.get_running_loop().time() - started < 0.5

    @pytest.mark.asyncio
    async def test_asks_again_for_a_missing_schema_only_after_a_while(self) -> None:
        clock = [100.0]
        schemas, library = Schemas(patience_s=2.0, clock=lambda: clock[0]), Library(FINAL)
        await schemas.load(["old"], library.fetch)

        await schemas.load(["old"], library.fetch)
        assert len(library.asked) == 1

        clock[0] += ASK_AGAIN_AFTER_S
        await schemas.load(["old"], library.fetch)
        assert schemas.find("old") is not None

    @pytest.mark.asyncio
    async def test_fetches_a_schema_once_for_all_that_wait(self) -> None:
        schemas, library = Schemas(patience_s=2.0), Library()

        await asyncio.gather(*(schemas.load(["old", "new"], library.fetch) for _ in range(50)))

        assert sorted(library.asked) == ["new", "old"]
