"""How much the feed asks for: enough that the stream never dries up, never more than Salesforce allows."""

import asyncio
import random
from collections.abc import AsyncIterator
from typing import Any

import grpc
import pytest
import pytest_asyncio
from grpc import aio

from sf_sync.feed.pubsub import MOST_OUTSTANDING, Subscription
from sf_sync.pubsub import pubsub_api_pb2 as pb2
from sf_sync.pubsub.pubsub_api_pb2_grpc import PubSubStub

EVENTS = 5_000


class StrictBus:
    """Ends the stream when a client asks for more than 100 events altogether, which Salesforce counts as an error.

    Its responses overtake the requests: the pending count in them is the one before the newest request.
    """

    def __init__(self, dice: random.Random) -> None:
        self.dice = dice
        self.asked = 0
        self.sent = 0
        self._more = asyncio.Event()

    async def subscribe(self, _requests: object, context: Any) -> None:
        listening = asyncio.create_task(self._listen(context))
        while self.sent < EVENTS:
            known = self.asked
            await asyncio.sleep(0)
            while self.asked == self.sent:
                self._more.clear()
                await self._more.wait()
                known = self.asked
            count = min(self.dice.randint(1, 30), max(1, known - self.sent), EVENTS - self.sent)
            self.sent += count
            pending = max(0, known - self.sent)
            await context.write(
                pb2.FetchResponse(events=[pb2.ConsumerEvent()] * count, pending_num_requested=pending)
            )
        await (
            listening
        )  # until the client hangs up: a stream that ends during its last request is another matter

    async def _listen(self, context: Any) -> None:
        while (request := await context.read()) is not aio.EOF:
            self.asked += request.num_requested
            if self.asked - self.sent > MOST_OUTSTANDING:
                await context.abort(grpc.StatusCode.INVALID_ARGUMENT, "too many outstanding requests")
            self._more.set()


@pytest_asyncio.fixture
async def bus() -> AsyncIterator[tuple[StrictBus, PubSubStub]]:
    bus = StrictBus(random.Random(7))
    handler = grpc.stream_stream_rpc_method_handler(
        bus.subscribe, pb2.FetchRequest.FromString, pb2.FetchResponse.SerializeToString
    )
    server = aio.server()
    server.add_generic_rpc_handlers(
        (grpc.method_handlers_generic_handler("eventbus.v1.PubSub", {"Subscribe": handler}),)
    )
    port = server.add_insecure_port("127.0.0.1:0")
    await server.start()
    async with aio.insecure_channel(f"127.0.0.1:{port}") as channel:
        yield bus, PubSubStub(channel)
    await server.stop(None)


class TestFlow:
    @pytest.mark.asyncio
    async def test_keeps_events_coming_and_never_asks_for_too_many(
        self, bus: tuple[StrictBus, PubSubStub]
    ) -> None:
        strict, stub = bus
        subscription = Subscription(stub.Subscribe(), "/data/AccountChangeEvent")
        await subscription.start(None)

        received = 0
        while received < EVENTS:
            response = await subscription.receive(within_s=5)
            assert response is not None, f"the stream dried up after {received} events"
            received += len(response.events)

        assert strict.asked - EVENTS <= MOST_OUTSTANDING
        await subscription.cancel()
