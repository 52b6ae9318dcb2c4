"""What the Pub/Sub tests work with: the org, its switches, and a client made of the generated stub alone."""

import asyncio
import json
from contextlib import suppress
from io import BytesIO
from typing import Any, TypeAlias

import fastavro
import grpc

from sf_sync.emulator.faults import Faults
from sf_sync.emulator.platform_seed import REVIEWER_USERNAME, find_user_id, seed_platform
from sf_sync.emulator.pubsub.control import Order, Outcome
from sf_sync.emulator.pubsub.errors import CODE_PREFIX
from sf_sync.emulator.pubsub.server import PubSubServer
from sf_sync.emulator.schema.catalogue import ENTITIES
from sf_sync.emulator.sessions import Sessions
from sf_sync.emulator.settings import EmulatorSettings
from sf_sync.emulator.store import Org
from sf_sync.pubsub import pubsub_api_pb2 as pb2
from sf_sync.pubsub.pubsub_api_pb2_grpc import PubSubStub

ACCOUNT_TOPIC = "/data/AccountChangeEvent"
ORIGIN = "com/salesforce/api/rest/66.0;client=portal-bff"
WAIT_S = 5.0

Datum: TypeAlias = dict[str, Any]


class Stream:
    """One Subscribe call, read by hand."""

    def __init__(self, call: Any) -> None:
        self.call = call

    async def ask(self, count: int, **rest: Any) -> None:
        # A call that is refused at once fails here or at the read; the read says why.
        with suppress(grpc.aio.AioRpcError, asyncio.InvalidStateError):
            await self.call.write(pb2.FetchRequest(num_requested=count, **rest))

    async def read(self, *, within_s: float = WAIT_S) -> pb2.FetchResponse:
        async with asyncio.timeout(within_s):
            response = await self.call.read()
        assert isinstance(response, pb2.FetchResponse), "the stream has ended"
        return response

    async def read_events(self, count: int) -> list[pb2.ConsumerEvent]:
        """As many events as given, over as many responses as it takes."""
        events: list[pb2.ConsumerEvent] = []
        while len(events) < count:
            events += (await self.read()).events
        assert len(events) == count
        return events

    async def read_refusal(self) -> grpc.aio.AioRpcError:
        """The error that ends the stream; what arrives before it is passed over."""
        try:
            async with asyncio.timeout(WAIT_S):
                while await self.call.read() is not grpc.aio.EOF:
                    pass
                await self.call
        except grpc.aio.AioRpcError as error:
            return error
        raise AssertionError("the stream ended without an error")

    async def is_silent(self, for_s: float) -> bool:
        """Whether nothing arrives in this time. The stream cannot be read afterwards."""
        with suppress(TimeoutError):
            async with asyncio.timeout(for_s):
                await self.call.read()
                return False
        return True


class Desk:
    """The org and everything that the tests do with it."""

    org: Org
    server: PubSubServer
    stub: PubSubStub

    def __init__(self, settings: EmulatorSettings) -> None:
        self.settings = settings
        self.faults = Faults()
        self.org = Org(ENTITIES)
        seed_platform(self.org)
        self.user_id = find_user_id(self.org, REVIEWER_USERNAME) or ""
        self.sessions = Sessions(now=self.org.now, lifetime_s=settings.session_s)
        self.token = self.sign_in()
        self._channels: list[grpc.aio.Channel] = []

    async def start(self) -> None:
        self.server = PubSubServer(self.org, self.sessions, self.faults, self.settings)
        await self.server.start()
        self.stub = PubSubStub(self.connect(grpc.aio.insecure_channel(f"127.0.0.1:{self.server.port}")))

    async def stop(self) -> None:
        for channel in self._channels:
            await channel.close()
        await self.server.stop()

    async def restart(self) -> None:
        """Stop, and start again with an org made anew from its commits."""
        await self.stop()
        commits = self.org.commits
        self.org = Org(ENTITIES)
        for commit in commits:
            self.org.restore(commit)
        await self.start()

    def connect(self, channel: grpc.aio.Channel) -> grpc.aio.Channel:
        """Close it at the end."""
        self._channels.append(channel)
        return channel

    def sign_in(self) -> str:
        session = self.sessions.issue(org_id=self.org.org_id, user_id=self.user_id, client_id="portal-bff")
        return session.token

    @property
    def metadata(self) -> tuple[tuple[str, str], ...]:
        instance = ("instanceurl", "https://portal.my.salesforce.com")
        return (("accesstoken", self.token), instance, ("tenantid", self.org.org_id))

    def insert(self, entity: str, **values: Any) -> str:
        with self.org.transaction(user_id=self.user_id, origin=ORIGIN) as transaction:
            return transaction.insert(entity, values)

    def insert_together(self, entity: str, *rows: dict[str, Any]) -> list[str]:
        """All or none, in one transaction."""
        with self.org.transaction(user_id=self.user_id, origin=ORIGIN) as transaction:
            return [transaction.insert(entity, row) for row in rows]

    def update(self, entity: str, record_id: str, **values: Any) -> None:
        with self.org.transaction(user_id=self.user_id, origin=ORIGIN) as transaction:
            transaction.update(entity, record_id, values)

    def insert_accounts(self, count: int) -> list[str]:
        return [self.insert("Account", Name=f"Customer {number}") for number in range(count)]

    async def subscribe(
        self,
        topic: str = ACCOUNT_TOPIC,
        *,
        count: int = 100,
        after: bytes | None = None,
        earliest: bool = False,
    ) -> Stream:
        preset = pb2.CUSTOM if after is not None else pb2.EARLIEST if earliest else pb2.LATEST
        stream = Stream(self.stub.Subscribe(metadata=self.metadata))
        await stream.ask(count, topic_name=topic, replay_preset=preset, replay_id=after or b"")
        return stream

    async def subscribe_live(self, topic: str = ACCOUNT_TOPIC, *, count: int = 100) -> Stream:
        """A LATEST stream that is known to stand at the end: its first keepalive has arrived."""
        stream = await self.subscribe(topic, count=count)
        assert not (await stream.read()).events
        return stream

    async def get_schema(self, schema_id: str) -> dict[str, Any]:
        info = await self.stub.GetSchema(pb2.SchemaRequest(schema_id=schema_id), metadata=self.metadata)
        schema: dict[str, Any] = json.loads(info.schema_json)
        return schema

    async def decode(self, event: pb2.ConsumerEvent) -> Datum:
        """The event by the schema that it names."""
        schema = fastavro.parse_schema(await self.get_schema(event.event.schema_id))
        return read_datum(event.event.payload, schema)

    def act(self, action: str, **order: Any) -> Outcome:
        """What `POST /emulator/stream/<action>` does."""
        return self.server.control.apply(action, Order(**order))


def read_datum(payload: bytes, schema: Any) -> Datum:
    datum = fastavro.schemaless_reader(BytesIO(payload), schema, None)
    assert isinstance(datum, dict)
    return datum


def get_code(error: grpc.aio.AioRpcError) -> str:
    """The platform's code from the trailers, without its prefix."""
    trailers = dict(error.trailing_metadata() or ())
    return str(trailers["error-code"]).removeprefix(CODE_PREFIX)
