"""One connection to the Pub/Sub API: a stream of responses under flow control, and schemas. Knows no cache."""

import asyncio
import re
from types import TracebackType
from typing import Self

import grpc
from grpc import aio

from sf_sync.client import SalesforceClient
from sf_sync.errors import SalesforceError
from sf_sync.feed.settings import FeedSettings
from sf_sync.feed.troubles import CLOSED, NO_TOKEN, Remedy, StreamEnded, classify
from sf_sync.pubsub import pubsub_api_pb2 as pb2
from sf_sync.pubsub.pubsub_api_pb2_grpc import PubSubStub

MOST_OUTSTANDING = 100
"""Events that may be owed to one subscriber; Salesforce takes larger requests as this (Pub/Sub guide, flow control)."""
REFILL_BELOW = 50

CHANNEL_OPTIONS: tuple[tuple[str, int], ...] = (
    # Pings find a peer that is gone without a word in a minute or so, long before the watchdog.
    ("grpc.keepalive_time_ms", 60_000),
    ("grpc.keepalive_timeout_ms", 20_000),
    ("grpc.http2.max_pings_without_data", 0),
    # A new channel per session must mean a new connection, without grpc's own back-off on top of ours.
    ("grpc.use_local_subchannel_pool", 1),
    ("grpc.max_receive_message_length", 8 * 1024 * 1024),
)
UNARY_TIMEOUT_S = 5.0
_CODE_IN_DETAILS = re.compile(r"sfdc\.platform\.eventbus\.grpc\.[a-z.]+[a-z]").search


class SignIn:
    """The token in use. One that Salesforce refused is never taken again: the next `take` signs in anew."""

    def __init__(self, client: SalesforceClient) -> None:
        self._client = client
        self._token = ""
        self._is_refused = False

    async def take(self) -> tuple[tuple[str, str], ...]:
        """The metadata of a call. Raises StreamEnded when Salesforce gives no token."""
        try:
            token, instance_url, org_id = await self._get_token()
        except SalesforceError as error:
            raise StreamEnded(NO_TOKEN, type(error).__name__) from error
        self._token, self._is_refused = token, False
        return (("accesstoken", token), ("instanceurl", instance_url), ("tenantid", org_id))

    async def _get_token(self) -> tuple[str, str, str]:
        if self._is_refused:
            return await self._client.renew_token(self._token)
        return await self._client.access_token()

    def refuse(self) -> None:
        """Salesforce did not take the token."""
        self._is_refused = True


class PubSub:
    """An open connection. Use as an async context manager."""

    def __init__(self, sign_in: SignIn, settings: FeedSettings) -> None:
        self._sign_in = sign_in
        self._channel = _open_channel(settings)
        self._stub = PubSubStub(self._channel)

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self._channel.close()

    async def subscribe(self, topic: str, *, after: bytes | None) -> "Subscription":
        """A stream of what comes after the replay id, or of new events only. Raises StreamEnded without a token; a
        refusal shows at the first `receive`.
        """
        call = self._stub.Subscribe(metadata=await self._sign_in.take())
        subscription = Subscription(call, topic)
        await subscription.start(after)
        return subscription

    async def get_schema(self, schema_id: str) -> str:
        """The schema's JSON. Raises StreamEnded with what to do about it."""
        metadata = await self._sign_in.take()
        try:
            info = await self._stub.GetSchema(
                pb2.SchemaRequest(schema_id=schema_id), metadata=metadata, timeout=UNARY_TIMEOUT_S
            )
        except aio.AioRpcError as error:
            ended = _explain(error)
            # Tokens are checked when a call starts, so an old one fails here while the stream goes on.
            if ended.trouble.remedy is Remedy.SIGN_IN:
                self._sign_in.refuse()
            raise ended from error
        return info.schema_json


class Subscription:
    """One Subscribe call. Keeps up to 100 events owed to us and asks for more before they run out."""

    def __init__(self, call: "aio.StreamStreamCall[pb2.FetchRequest, pb2.FetchResponse]", topic: str) -> None:
        self._call = call
        self._topic = topic
        self._reading: asyncio.Task[object] | None = None
        self._owed = 0

    async def start(self, after: bytes | None) -> None:
        self._owed = MOST_OUTSTANDING
        request = pb2.FetchRequest(topic_name=self._topic, num_requested=MOST_OUTSTANDING)
        if after is not None:
            request.replay_preset, request.replay_id = pb2.CUSTOM, after
        await self._send(request)

    async def receive(self, *, within_s: float) -> pb2.FetchResponse | None:
        """The next response, or None when none came in time. Raises StreamEnded."""
        if self._reading is None:
            self._reading = asyncio.ensure_future(self._call.read())
        # Not wait_for: it would cancel the read, and cancelling a read ends the whole call.
        done, _ = await asyncio.wait((self._reading,), timeout=within_s)
        if not done:
            return None
        self._reading = None
        response = _take(done.pop())
        await self._refill(response)
        return response

    async def _refill(self, response: pb2.FetchResponse) -> None:
        """Counts for itself: a response may have left before our last request arrived, and asking for more than 100
        is an error. Only a keepalive, which comes after a long quiet, tells the server's count for sure.
        """
        self._owed = self._owed - len(response.events) if response.events else response.pending_num_requested
        if self._owed < REFILL_BELOW:
            more, self._owed = MOST_OUTSTANDING - self._owed, MOST_OUTSTANDING
            await self._send(pb2.FetchRequest(topic_name=self._topic, num_requested=more))

    async def _send(self, request: pb2.FetchRequest) -> None:
        try:
            await self._call.write(request)
        except (aio.AioRpcError, asyncio.InvalidStateError):
            # The call is over, and the next read says why. Now and then grpc.aio puts INTERNAL in place of a status
            # that arrives during a write; the next try then meets the real one.
            return

    async def cancel(self) -> None:
        """Ends the call; nothing of it is heard afterwards."""
        self._call.cancel()
        if self._reading is not None:
            await asyncio.gather(self._reading, return_exceptions=True)


def _take(reading: asyncio.Task[object]) -> pb2.FetchResponse:
    try:
        response = reading.result()
    except aio.AioRpcError as error:
        raise _explain(error) from error
    if isinstance(response, pb2.FetchResponse):
        return response
    raise StreamEnded(CLOSED)  # aio.EOF: the server has no more to say


def _explain(error: aio.AioRpcError) -> StreamEnded:
    details = error.details() or ""
    named = dict(error.trailing_metadata() or ()).get("error-code")
    found = _CODE_IN_DETAILS(details)
    code = named if isinstance(named, str) else found.group() if found else None
    return StreamEnded(classify(error.code(), error_code=code), details[:200])


def _open_channel(settings: FeedSettings) -> aio.Channel:
    if not settings.pubsub_tls:
        return aio.insecure_channel(settings.pubsub_target, options=CHANNEL_OPTIONS)
    roots = settings.pubsub_ca_file.read_bytes() if settings.pubsub_ca_file else None
    credentials = grpc.ssl_channel_credentials(root_certificates=roots)
    return aio.secure_channel(settings.pubsub_target, credentials, options=CHANNEL_OPTIONS)
