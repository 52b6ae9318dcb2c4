"""GetTopic, GetSchema, publishing and who may call, over a real connection."""

import hashlib
from pathlib import Path

import grpc
import pytest

from sf_sync.emulator.pubsub.certificate import CERTIFICATE_FILE
from sf_sync.emulator.settings import EmulatorSettings
from sf_sync.pubsub import pubsub_api_pb2 as pb2
from sf_sync.pubsub.pubsub_api_pb2_grpc import PubSubStub
from tests.conformance.pubsub.desk import ACCOUNT_TOPIC, Desk, Stream, get_code

pytestmark = pytest.mark.asyncio


async def read_topic_refusal(
    desk: Desk, metadata: tuple[tuple[str, str], ...], topic: str = ACCOUNT_TOPIC
) -> grpc.aio.AioRpcError:
    with pytest.raises(grpc.aio.AioRpcError) as caught:
        await desk.stub.GetTopic(pb2.TopicRequest(topic_name=topic), metadata=metadata)
    return caught.value


class TestCaller:
    @pytest.mark.parametrize("missing", ["accesstoken", "instanceurl", "tenantid"])
    async def test_needs_all_three_headers(self, desk: Desk, missing: str) -> None:
        metadata = tuple(pair for pair in desk.metadata if pair[0] != missing)

        error = await read_topic_refusal(desk, metadata)

        assert error.code() is grpc.StatusCode.UNAUTHENTICATED
        assert get_code(error) == "service.auth.headers.invalid"

    @pytest.mark.parametrize(
        ("key", "value"),
        [
            ("tenantid", "00D000000000001AAA"),
            ("instanceurl", "portal.my.salesforce.com"),
            ("tenantid", "portal"),
        ],
    )
    async def test_must_name_this_org_and_an_instance(self, desk: Desk, key: str, value: str) -> None:
        metadata = tuple((name, value if name == key else old) for name, old in desk.metadata)

        assert get_code(await read_topic_refusal(desk, metadata)) == "service.auth.headers.invalid"

    @pytest.mark.parametrize("form", ["{id18}", "{id15}", "core/portal/{id18}"])
    async def test_may_write_the_org_id_in_every_known_form(self, desk: Desk, form: str) -> None:
        tenant = form.format(id18=desk.org.org_id, id15=desk.org.org_id[:15])
        metadata = (*desk.metadata[:2], ("tenantid", tenant))

        info = await desk.stub.GetTopic(pb2.TopicRequest(topic_name=ACCOUNT_TOPIC), metadata=metadata)

        assert info.can_subscribe

    async def test_needs_a_live_token(self, desk: Desk) -> None:
        desk.sessions.revoke_all()

        error = await read_topic_refusal(desk, desk.metadata)

        assert error.code() is grpc.StatusCode.UNAUTHENTICATED
        assert get_code(error) == "service.auth.error"

    async def test_keeps_an_open_stream_when_the_token_ends(self, desk: Desk) -> None:
        stream = await desk.subscribe_live()

        desk.sessions.revoke_all()
        desk.insert_accounts(1)

        assert len(await stream.read_events(1)) == 1

    async def test_is_told_the_rpc_id_of_a_refusal(self, desk: Desk) -> None:
        error = await read_topic_refusal(desk, (("accesstoken", "x"),))

        rpc_id = dict(error.trailing_metadata() or ())["rpc-id"]
        assert str(error.details()).endswith(f"rpcId: {rpc_id}")


class TestTopic:
    async def test_tells_the_schema_of_an_object(self, desk: Desk) -> None:
        info = await desk.stub.GetTopic(pb2.TopicRequest(topic_name=ACCOUNT_TOPIC), metadata=desk.metadata)

        assert info.topic_name == ACCOUNT_TOPIC
        assert len(info.schema_id) == 22
        assert not info.can_publish

    async def test_tells_no_schema_for_the_channel_of_all_changes(self, desk: Desk) -> None:
        request = pb2.TopicRequest(topic_name="/data/ChangeEvents")

        info = await desk.stub.GetTopic(request, metadata=desk.metadata)

        assert info.schema_id == ""
        assert info.can_subscribe

    @pytest.mark.parametrize(
        "topic", ["/data/accountChangeEvent", "/event/AccountChangeEvent", "/data/UserChangeEvent", "Account"]
    )
    async def test_is_not_found_under_another_name(self, desk: Desk, topic: str) -> None:
        error = await read_topic_refusal(desk, desk.metadata, topic)

        assert error.code() is grpc.StatusCode.NOT_FOUND
        assert get_code(error) == "topic.not.found"
        assert topic in str(error.details())

    async def test_needs_a_name(self, desk: Desk) -> None:
        error = await read_topic_refusal(desk, desk.metadata, "")

        assert get_code(error) == "topic.validation.empty"

    async def test_cannot_be_subscribed_to_when_unknown(self, desk: Desk) -> None:
        stream = await desk.subscribe("/data/VisitChangeEvent")

        assert get_code(await stream.read_refusal()) == "topic.not.found"


class TestSchema:
    async def test_is_fetched_by_its_id(self, desk: Desk) -> None:
        info = await desk.stub.GetTopic(pb2.TopicRequest(topic_name=ACCOUNT_TOPIC), metadata=desk.metadata)

        schema = await desk.get_schema(info.schema_id)

        assert schema["name"] == "AccountChangeEvent"
        assert schema["fields"][0]["name"] == "ChangeEventHeader"

    @pytest.mark.parametrize("schema_id", ["", "AAAAAAAAAAAAAAAAAAAAAA"])
    async def test_is_refused_when_unknown(self, desk: Desk, schema_id: str) -> None:
        with pytest.raises(grpc.aio.AioRpcError) as caught:
            await desk.get_schema(schema_id)

        assert caught.value.code() is grpc.StatusCode.INVALID_ARGUMENT
        assert get_code(caught.value) == "schema.validation.failed"


class TestPublishing:
    async def test_is_refused_on_change_event_topics(self, desk: Desk) -> None:
        request = pb2.PublishRequest(topic_name=ACCOUNT_TOPIC)

        with pytest.raises(grpc.aio.AioRpcError) as caught:
            await desk.stub.Publish(request, metadata=desk.metadata)

        assert caught.value.code() is grpc.StatusCode.PERMISSION_DENIED

    async def test_is_refused_on_unknown_topics(self, desk: Desk) -> None:
        with pytest.raises(grpc.aio.AioRpcError) as caught:
            await desk.stub.Publish(pb2.PublishRequest(topic_name="/event/X__e"), metadata=desk.metadata)

        assert caught.value.code() is grpc.StatusCode.NOT_FOUND

    async def test_is_refused_in_a_stream_too(self, desk: Desk) -> None:
        stream = Stream(desk.stub.PublishStream(metadata=desk.metadata))

        await stream.call.write(pb2.PublishRequest(topic_name=ACCOUNT_TOPIC))

        assert (await stream.read_refusal()).code() is grpc.StatusCode.PERMISSION_DENIED

    async def test_knows_no_managed_subscription(self, desk: Desk) -> None:
        stream = Stream(desk.stub.ManagedSubscribe(metadata=desk.metadata))

        await stream.call.write(pb2.ManagedFetchRequest(developer_name="Portal", num_requested=1))

        code = get_code(await stream.read_refusal())
        assert code == "managed.subscription.developer.name.not.found"


class TestTls:
    @pytest.fixture
    def settings(self, tmp_path: Path) -> EmulatorSettings:
        return EmulatorSettings(pubsub_port=0, pubsub_tls_port=0, data_dir=tmp_path)

    async def test_serves_clients_that_trust_its_certificate(self, desk: Desk, tmp_path: Path) -> None:
        trusted = grpc.ssl_channel_credentials((tmp_path / CERTIFICATE_FILE).read_bytes())
        address = f"localhost:{desk.server.tls_port}"

        stub = PubSubStub(desk.connect(grpc.aio.secure_channel(address, trusted)))

        info = await stub.GetTopic(pb2.TopicRequest(topic_name=ACCOUNT_TOPIC), metadata=desk.metadata)
        assert info.can_subscribe

    async def test_shows_the_same_certificate_after_a_restart(self, desk: Desk, tmp_path: Path) -> None:
        before = hashlib.sha256((tmp_path / CERTIFICATE_FILE).read_bytes()).digest()

        await desk.restart()

        assert hashlib.sha256((tmp_path / CERTIFICATE_FILE).read_bytes()).digest() == before

    async def test_says_that_a_port_is_taken(self, desk: Desk) -> None:
        other = Desk(EmulatorSettings(pubsub_port=desk.server.port))

        with pytest.raises(OSError, match=f"port {desk.server.port} is in use"):
            await other.start()
