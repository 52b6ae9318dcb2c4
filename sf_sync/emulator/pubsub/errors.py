"""Refusals of the Pub/Sub API: a gRPC status, the platform's own code in the trailers, a sentence."""

import grpc

CODE_PREFIX = "sfdc.platform.eventbus.grpc."


class PubSubRefused(Exception):
    """An answer that ends the call. The codes and texts are those of the platform's list of Pub/Sub errors.

    Where no source names the status of a code, INVALID_ARGUMENT stands (unconfirmed).
    """

    status = grpc.StatusCode.INVALID_ARGUMENT
    code = "subscription.fetch.request.invalid"

    def __init__(self, detail: str) -> None:
        super().__init__(detail)
        self.detail = detail

    def format_message(self, rpc_id: str) -> str:
        return f"{self.detail} rpcId: {rpc_id}"

    def list_trailers(self, rpc_id: str) -> tuple[tuple[str, str], ...]:
        return (("error-code", CODE_PREFIX + self.code), ("rpc-id", rpc_id))


class ServiceUnavailable(PubSubRefused):
    status = grpc.StatusCode.UNAVAILABLE
    code = "service.unavailable"


class AuthenticationFailed(PubSubRefused):
    status = grpc.StatusCode.UNAUTHENTICATED
    code = "service.auth.error"


class HeadersInvalid(PubSubRefused):
    status = grpc.StatusCode.UNAUTHENTICATED
    code = "service.auth.headers.invalid"


class TopicNotFound(PubSubRefused):
    status = grpc.StatusCode.NOT_FOUND
    code = "topic.not.found"

    def __init__(self, topic: str, org_id: str) -> None:
        super().__init__(
            f"The topic information for org CORE/prod/{org_id} and topic {topic} not found. Ensure the topic "
            "name is correct, the entity is selected for change events and the user has access to it."
        )


class TopicEmpty(PubSubRefused):
    code = "topic.validation.empty"


class SchemaInvalid(PubSubRefused):
    code = "schema.validation.failed"


class SchemaUnavailable(PubSubRefused):
    status = grpc.StatusCode.UNAVAILABLE
    code = "schema.api.unavailable"


class ReplayIdCorrupted(PubSubRefused):
    """Garbage and an id older than the retention get the same answer."""

    code = "subscription.fetch.replayid.corrupted"


class ReplayIdMissing(PubSubRefused):
    code = "subscription.fetch.replayid.validation.failed"


class ReplayRepeated(PubSubRefused):
    code = "subscription.fetch.replay.repeated"


class TopicMismatch(PubSubRefused):
    code = "subscription.fetch.topic.mismatch"


class RequestedEventsInvalid(PubSubRefused):
    code = "subscription.fetch.requested.events.invalid"


class DeliveryLimitExceeded(PubSubRefused):
    status = grpc.StatusCode.RESOURCE_EXHAUSTED
    code = "subscription.limit.exceeded"


class PublishRefused(PubSubRefused):
    status = grpc.StatusCode.PERMISSION_DENIED
    code = "topic.meta.permission"


class SubscriptionNotFound(PubSubRefused):
    status = grpc.StatusCode.NOT_FOUND
    code = "managed.subscription.developer.name.not.found"
