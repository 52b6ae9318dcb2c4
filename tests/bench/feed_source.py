"""A stand-in for the event bus that costs nothing: change events made beforehand, sent as fast as they are asked for.

    python -m tests.bench.feed_source <redis url> backlog <count>
    python -m tests.bench.feed_source <redis url> steady <per second> <count>

Prints its port. Sends each event of one account; with `steady` it hears from Redis itself when the account's key is
gone, and prints the delays in milliseconds.
"""

import asyncio
import json
import sys
import time
from typing import Any

import redis.asyncio
from grpc import aio

from sf_sync.ids import format_checksum
from sf_sync.pubsub import pubsub_api_pb2 as pb2
from sf_sync.pubsub.pubsub_api_pb2_grpc import PubSubServicer, add_PubSubServicer_to_server
from tests.fixtures.change_events import dump, encode, make_header, make_schema

SCHEMA = make_schema(extra=tuple(f"Portal_Field_{number}__c" for number in range(69)))
"""72 fields, as an ordinary org has."""
SCHEMA_ID = "i8wgJwwM-AVcDbFkbRl5Nw"
MOST_PER_RESPONSE = 100


def make_account_id(number: int) -> str:
    fifteen = f"001{number:012d}"
    return fifteen + format_checksum(fifteen)


def make_key(number: int) -> str:
    """The name of the account's entry; the braces are part of it."""
    return f"account:e:{{{make_account_id(number)}}}"


def make_event(number: int) -> pb2.ConsumerEvent:
    """About 250 bytes: the header and three changed fields."""
    header = make_header(recordIds=[make_account_id(number)], commitTimestamp=time.time_ns() // 1_000_000)
    payload = encode(SCHEMA, header, Name="Hana Sato", Phone="+819012345678", Portal_Field_7__c="Eligible")
    event = pb2.ProducerEvent(id=str(number), schema_id=SCHEMA_ID, payload=payload)
    return pb2.ConsumerEvent(event=event, replay_id=number.to_bytes(8, "big") + b"\0\0")


class Source(PubSubServicer):
    """Serves one subscriber. Events wait in a queue; none is sent that was not asked for."""

    def __init__(self) -> None:
        self.ready: asyncio.Queue[pb2.ConsumerEvent] = asyncio.Queue()
        self.subscribed = asyncio.Event()
        self._wanted = 0
        self._asked = asyncio.Event()

    async def GetSchema(self, request: Any, context: Any) -> pb2.SchemaInfo:
        return pb2.SchemaInfo(schema_json=dump(SCHEMA), schema_id=SCHEMA_ID)

    async def Subscribe(self, requests: Any, context: Any) -> None:
        listening = asyncio.create_task(self._listen(context))
        try:
            while True:
                await context.write(await self._take())
        finally:
            listening.cancel()

    async def _listen(self, context: Any) -> None:
        while (request := await context.read()) is not aio.EOF:
            self._wanted = min(100, self._wanted + request.num_requested)
            self._asked.set()
            self.subscribed.set()

    async def _take(self) -> pb2.FetchResponse:
        while not self._wanted:
            self._asked.clear()
            await self._asked.wait()
        events = [await self.ready.get()]
        while len(events) < min(self._wanted, MOST_PER_RESPONSE) and not self.ready.empty():
            events.append(self.ready.get_nowait())
        self._wanted -= len(events)
        return pb2.FetchResponse(
            events=events, latest_replay_id=events[-1].replay_id, pending_num_requested=self._wanted
        )


class Watch:
    """When each key went away, by Redis' own word."""

    def __init__(self, url: str) -> None:
        self._redis = redis.asyncio.Redis.from_url(url)
        self._pubsub = self._redis.pubsub()
        self.gone_at: dict[bytes, float] = {}
        self._heard = asyncio.Event()

    async def open(self) -> None:
        await self._redis.config_set("notify-keyspace-events", "Eg")
        await self._pubsub.subscribe("__keyevent@0__:del")

    async def run(self) -> None:
        async for message in self._pubsub.listen():
            if message["type"] == "message":
                self.gone_at[message["data"]] = time.perf_counter()
                self._heard.set()

    async def hear_of(self, count: int) -> None:
        """Wait until so many keys went."""
        while len(self.gone_at) < count:
            self._heard.clear()
            await self._heard.wait()


async def send_steadily(source: Source, watch: Watch, *, rate: float, count: int) -> list[float]:
    """The delays of `count` events in milliseconds."""
    await source.subscribed.wait()
    await asyncio.sleep(1.0)  # the subscriber's start is not what is measured
    sent_at: dict[bytes, float] = {}
    started = time.perf_counter()
    for number in range(count):
        await asyncio.sleep(max(0.0, started + number / rate - time.perf_counter()))
        event = make_event(number)
        sent_at[make_key(number).encode()] = time.perf_counter()
        source.ready.put_nowait(event)
    async with asyncio.timeout(10):
        await watch.hear_of(count)
    return [(watch.gone_at[key] - at) * 1_000 for key, at in sent_at.items()]


def say(text: object) -> None:
    sys.stdout.write(f"{text}\n")
    sys.stdout.flush()


async def main(redis_url: str, mode: str, *numbers: str) -> None:
    source, watch = Source(), Watch(redis_url)
    if mode == "backlog":
        for number in range(int(numbers[0])):
            source.ready.put_nowait(make_event(number))
    server = aio.server()
    add_PubSubServicer_to_server(source, server)
    port = server.add_insecure_port("127.0.0.1:0")
    await server.start()
    say(port)
    if mode == "backlog":
        await server.wait_for_termination()
    await watch.open()
    watching = asyncio.create_task(watch.run())
    delays = await send_steadily(source, watch, rate=float(numbers[0]), count=int(numbers[1]))
    say(json.dumps(delays))
    watching.cancel()
    await server.stop(0)


if __name__ == "__main__":
    asyncio.run(main(*sys.argv[1:]))
