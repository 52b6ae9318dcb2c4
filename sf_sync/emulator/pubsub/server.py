"""Opens the gRPC ports: plain text, and TLS with a self-signed certificate for clients that insist on it."""

from collections.abc import Callable, Collection, Sequence
from typing import Any

import grpc

from sf_sync.emulator.events.log import EventLog
from sf_sync.emulator.faults import Faults
from sf_sync.emulator.pubsub.access import Access
from sf_sync.emulator.pubsub.certificate import Certificate, load_certificate
from sf_sync.emulator.pubsub.control import StreamControl
from sf_sync.emulator.pubsub.service import PubSubService
from sf_sync.emulator.pubsub.subscription import StreamTiming, Subscription
from sf_sync.emulator.sessions import Sessions
from sf_sync.emulator.settings import EmulatorSettings
from sf_sync.emulator.store import Org
from sf_sync.pubsub import pubsub_api_pb2 as pb2

SERVICE = "eventbus.v1.PubSub"

_OPTIONS: Sequence[tuple[str, Any]] = (
    # Without this a second emulator would share the port and steal half of the calls.
    ("grpc.so_reuseport", 0),
    ("grpc.max_concurrent_streams", 1000),
    ("grpc.max_receive_message_length", 4 * 1024 * 1024),
    # Clients watch idle streams with pings; by default a server hangs up on those that ping often.
    ("grpc.keepalive_permit_without_calls", 1),
    ("grpc.http2.min_ping_interval_without_data_ms", 5_000),
)


class PubSubServer:
    """The Pub/Sub API of one org. `start` belongs to the event loop that the org belongs to."""

    def __init__(self, org: Org, sessions: Sessions, faults: Faults, settings: EmulatorSettings) -> None:
        self.log = EventLog(org, faults)
        self.port = settings.pubsub_port
        """The plain text port; the real one after `start`."""
        self.tls_port = settings.pubsub_tls_port
        self.certificate: Certificate | None = None
        """What the TLS port shows; clients have to be told to trust it."""
        self._settings = settings
        self._service = PubSubService(
            log=self.log,
            access=Access(org_id=org.org_id, sessions=sessions, faults=faults),
            faults=faults,
            timing=StreamTiming(
                keepalive_s=settings.stream_keepalive_s, idle_close_s=settings.stream_idle_close_s
            ),
        )
        self.control = StreamControl(self.log, self._service.streams)
        self._server: grpc.aio.Server | None = None

    @property
    def streams(self) -> Collection[Subscription]:
        """The subscriptions that are open now."""
        return self._service.streams

    async def start(self) -> None:
        """Open the ports. Raises OSError when one of them is taken."""
        server = self._server = grpc.aio.server(options=_OPTIONS)
        server.add_generic_rpc_handlers(
            (grpc.method_handlers_generic_handler(SERVICE, self._list_handlers()),)
        )
        self.port = self._open(self.port, server.add_insecure_port)
        if self.tls_port is not None:
            self.certificate = load_certificate(self._settings.data_dir, self._settings.host)
            pair = (self.certificate.private_key_pem, self.certificate.certificate_pem)
            credentials = grpc.ssl_server_credentials([pair])
            self.tls_port = self._open(
                self.tls_port, lambda address: server.add_secure_port(address, credentials)
            )
        await server.start()

    async def stop(self) -> None:
        """Close the ports and end the open streams."""
        if self._server is not None:
            await self._server.stop(grace=None)

    def _open(self, port: int, add: Callable[[str], int]) -> int:
        try:
            return add(f"{self._settings.host}:{port}")
        except RuntimeError as error:
            raise OSError(f"port {port} is in use") from error

    def _list_handlers(self) -> "dict[str, grpc.RpcMethodHandler[Any, Any]]":
        service = self._service
        unary, stream = grpc.unary_unary_rpc_method_handler, grpc.stream_stream_rpc_method_handler
        return {
            "GetTopic": unary(
                service.get_topic, pb2.TopicRequest.FromString, pb2.TopicInfo.SerializeToString
            ),
            "GetSchema": unary(
                service.get_schema, pb2.SchemaRequest.FromString, pb2.SchemaInfo.SerializeToString
            ),
            "Publish": unary(
                service.publish, pb2.PublishRequest.FromString, pb2.PublishResponse.SerializeToString
            ),
            # Responses of Subscribe are bytes already.
            "Subscribe": stream(service.subscribe, pb2.FetchRequest.FromString),
            "PublishStream": stream(service.publish_stream, pb2.PublishRequest.FromString),
            "ManagedSubscribe": stream(service.managed_subscribe, pb2.ManagedFetchRequest.FromString),
        }
