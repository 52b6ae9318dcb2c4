from grpc import aio

from sf_sync.pubsub import pubsub_api_pb2 as pb2

class PubSubStub:
    Subscribe: aio.StreamStreamMultiCallable[pb2.FetchRequest, pb2.FetchResponse]
    GetSchema: aio.UnaryUnaryMultiCallable[pb2.SchemaRequest, pb2.SchemaInfo]
    GetTopic: aio.UnaryUnaryMultiCallable[pb2.TopicRequest, pb2.TopicInfo]
    Publish: aio.UnaryUnaryMultiCallable[pb2.PublishRequest, pb2.PublishResponse]
    PublishStream: aio.StreamStreamMultiCallable[pb2.PublishRequest, pb2.PublishResponse]
    ManagedSubscribe: aio.StreamStreamMultiCallable[pb2.ManagedFetchRequest, pb2.ManagedFetchResponse]
    def __init__(self, channel: aio.Channel) -> None: ...
