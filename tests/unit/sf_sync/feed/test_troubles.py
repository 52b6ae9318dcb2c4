import pytest
from grpc import StatusCode

from sf_sync.feed.troubles import Remedy, Trouble, classify, plan_backoff_s

PREFIX = "sfdc.platform.eventbus.grpc."

TABLE = [
    # status, error code of the trailing metadata, remedy
    (StatusCode.UNAVAILABLE, None, Remedy.RETRY),
    (StatusCode.UNAVAILABLE, "service.unavailable", Remedy.RETRY),
    (StatusCode.INTERNAL, None, Remedy.RETRY),
    (StatusCode.UNKNOWN, None, Remedy.RETRY),
    (StatusCode.DEADLINE_EXCEEDED, None, Remedy.RETRY),
    (StatusCode.CANCELLED, None, Remedy.RETRY),
    (StatusCode.ABORTED, "subscription.internal.error", Remedy.RETRY),
    (StatusCode.UNAUTHENTICATED, None, Remedy.SIGN_IN),
    (StatusCode.UNAUTHENTICATED, "service.auth.error", Remedy.SIGN_IN),
    (StatusCode.INVALID_ARGUMENT, "service.auth.headers.invalid", Remedy.SIGN_IN),
    (StatusCode.INVALID_ARGUMENT, "subscription.fetch.replayid.corrupted", Remedy.START_OVER),
    (StatusCode.INVALID_ARGUMENT, "subscription.fetch.replayid.validation.failed", Remedy.START_OVER),
    (StatusCode.NOT_FOUND, "topic.not.found", Remedy.WAIT),
    (StatusCode.PERMISSION_DENIED, "topic.not.found", Remedy.WAIT),
    (StatusCode.RESOURCE_EXHAUSTED, "subscription.limit.exceeded", Remedy.WAIT),
    (StatusCode.INVALID_ARGUMENT, "subscription.limit.exceeded", Remedy.WAIT),
    (StatusCode.UNIMPLEMENTED, None, Remedy.WAIT),
    # Nothing but the two codes above may cost us the position.
    (StatusCode.INVALID_ARGUMENT, None, Remedy.WAIT),
    (StatusCode.INVALID_ARGUMENT, "schema.validation.failed", Remedy.WAIT),
    (StatusCode.INVALID_ARGUMENT, "subscription.fetch.replay.repeated", Remedy.WAIT),
    (StatusCode.INVALID_ARGUMENT, "never.heard.of", Remedy.WAIT),
]


class TestClassify:
    @pytest.mark.parametrize(("status", "code", "remedy"), TABLE)
    def test_follows_the_table(self, status: StatusCode, code: str | None, remedy: Remedy) -> None:
        trouble = classify(status, error_code=PREFIX + code if code else None)

        assert trouble == Trouble(remedy=remedy, code=code or status.name.lower())


class TestBackoff:
    @pytest.mark.parametrize(
        ("failures", "ceiling_s"), [(1, 0.5), (2, 1), (3, 2), (6, 16), (7, 30), (10_000, 30)]
    )
    def test_doubles_to_a_cap_with_half_of_it_random(self, failures: int, ceiling_s: float) -> None:
        pauses = [plan_backoff_s(failures, first_s=0.5, cap_s=30) for _ in range(200)]

        assert ceiling_s / 2 <= min(pauses) < max(pauses) <= ceiling_s
        assert len(set(pauses)) > 100
