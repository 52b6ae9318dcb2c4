"""The six methods of the Pub/Sub API. What change events do not allow is refused as Salesforce refuses it."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any, NoReturn, TypeAlias, TypeVar
from uuid import uuid4

import grpc

from sf_sync.emulator.events.log import EventLog, PositionExpired
from sf_sync.emulator.events.positions import ReplayIdMalformed, parse_replay_id
from sf_sync.emulator.faults import Faults
from sf_sync.emulator.pubsub.access import Access
from sf_sync.emulator.pubsub.errors import (
    PublishRefused,
    PubSubRefused,
    ReplayIdCorrupted,
    ReplayIdMissing,
    SchemaInvalid,
    SchemaUnavailable,
    SubscriptionNotFound,
    TopicEmpty,
    TopicNotFound,
)
from sf_sync.emulator.pubsub.subscription import StreamTiming, Subscription
from sf_sync.pubsub import pubsub_api_pb2 as pb2

Context: TypeAlias = grpc.aio.ServicerContext[Any, Any]
Answer = TypeVar("Answer")


class PubSubService:
    """Serves the org's topics to callers with a live token. `streams` are the subscriptions open now."""

    def __init__(self, *, log: EventLog, access: Access, faults: Faults, timing: StreamTiming) -> None:
        self.streams: set[Subscription] = set()
        self._log = log
        self._access = access
        self._faults = faults
        self._timing = timing

    async def get_topic(self, request: pb2.TopicRequest, context: Context) -> pb2.TopicInfo:
        async def answer(rpc_id: str) -> pb2.TopicInfo:
            topic = self._require_topic(request.topic_name)
            return pb2.TopicInfo(
                topic_name=topic,
                tenant_guid=f"CORE/prod/{self._log.org.org_id}",
                can_publish=False,
                can_subscribe=True,
                schema_id=self._log.find_schema_id(topic) or "",
                rpc_id=rpc_id,
            )

        return await self._admit(context, answer)

    async def get_schema(self, request: pb2.SchemaRequest, context: Context) -> pb2.SchemaInfo:
        async def answer(rpc_id: str) -> pb2.SchemaInfo:
            if self._faults.stream_schema_unavailable:
                raise SchemaUnavailable("The schema service is temporarily unavailable.")
            if not request.schema_id:
                raise SchemaInvalid("Schema validation failed. The schema ID can't be blank.")
            schema = self._log.schemas.find(request.schema_id)
            if schema is None:
                raise SchemaInvalid(f"Schema validation failed. No schema has the ID {request.schema_id}.")
            return pb2.SchemaInfo(schema_json=schema.text, schema_id=schema.schema_id, rpc_id=rpc_id)

        return await self._admit(context, answer)

    async def subscribe(self, _requests: object, context: Context) -> None:
        async def deliver(rpc_id: str) -> None:
            first = await context.read()
            if first is grpc.aio.EOF:
                return
            stream = self._open_stream(first, rpc_id)
            reader = asyncio.create_task(_read_requests(context, stream))
            try:
                while (response := await stream.next_response()) is not None:
                    await context.write(response)
            finally:
                reader.cancel()
                self._close_stream(stream)

        await self._admit(context, deliver)

    async def publish(self, request: pb2.PublishRequest, context: Context) -> pb2.PublishResponse:
        async def refuse(_rpc_id: str) -> NoReturn:
            self._refuse_to_publish(request.topic_name)

        return await self._admit(context, refuse)

    async def publish_stream(self, _requests: object, context: Context) -> None:
        async def refuse(_rpc_id: str) -> None:
            request = await context.read()
            if request is not grpc.aio.EOF:
                self._refuse_to_publish(request.topic_name)

        await self._admit(context, refuse)

    async def managed_subscribe(self, _requests: object, context: Context) -> None:
        async def refuse(_rpc_id: str) -> None:
            request = await context.read()
            if request is not grpc.aio.EOF:
                name = request.developer_name or request.subscription_id
                raise SubscriptionNotFound(f"The managed event subscription {name} wasn't found.")

        await self._admit(context, refuse)

    async def _admit(self, context: Context, act: Callable[[str], Awaitable[Answer]]) -> Answer:
        """Run a method for a caller who may call, and turn a refusal into the call's status."""
        rpc_id = str(uuid4())
        try:
            self._access.require(dict(context.invocation_metadata() or ()))
            return await act(rpc_id)
        except PubSubRefused as refusal:
            await context.abort(refusal.status, refusal.format_message(rpc_id), refusal.list_trailers(rpc_id))

    def _require_topic(self, topic: str) -> str:
        if not topic:
            raise TopicEmpty("The topic name can't be blank.")
        if not self._log.has_topic(topic) or topic in self._faults.stream_missing_topics:
            raise TopicNotFound(topic, self._log.org.org_id[:15])
        return topic

    def _open_stream(self, first: pb2.FetchRequest, rpc_id: str) -> Subscription:
        stream = Subscription(
            log=self._log,
            faults=self._faults,
            timing=self._timing,
            topic=self._require_topic(first.topic_name),
            position=self._get_start(first),
            rpc_id=rpc_id,
        )
        stream.request_more(first, first=True)
        self.streams.add(stream)
        self._log.watchers.add(stream.wake)
        return stream

    def _close_stream(self, stream: Subscription) -> None:
        self.streams.discard(stream)
        self._log.watchers.discard(stream.wake)

    def _get_start(self, first: pb2.FetchRequest) -> int:
        if first.replay_preset == pb2.EARLIEST:
            return 0
        if first.replay_preset == pb2.LATEST:
            return self._log.get_tip()
        if not first.replay_id:
            raise ReplayIdMissing("The replay ID can't be blank with the replay preset CUSTOM.")
        try:
            position = parse_replay_id(first.replay_id)
            self._log.require_replayable(position)
        except (ReplayIdMalformed, PositionExpired) as error:
            raise _corrupted(first.replay_id) from error
        if self._faults.stream_replay_expired:
            raise _corrupted(first.replay_id)
        return position

    def _refuse_to_publish(self, topic: str) -> NoReturn:
        self._require_topic(topic)
        raise PublishRefused(f"The topic {topic} carries change events and can't be published to.")


def _corrupted(replay_id: bytes) -> ReplayIdCorrupted:
    return ReplayIdCorrupted(
        f"The Replay ID validation failed. Ensure that the Replay ID is valid: {replay_id.hex()}."
    )


async def _read_requests(context: Context, stream: Subscription) -> None:
    """Take further requests until the client closes its side or breaks a rule."""
    while True:
        request = await context.read()
        if request is grpc.aio.EOF:
            stream.end()
            return
        try:
            stream.request_more(request)
        except PubSubRefused as refusal:
            stream.fail(refusal)
            return
