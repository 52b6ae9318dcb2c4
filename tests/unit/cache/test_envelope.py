import msgspec
import pytest
from structlog.testing import capture_logs

from cache.envelope import Envelope, format_envelope, parse_envelope

ENVELOPE = Envelope(
    namespace="account", key="001", scope="org", epoch=7, read_at=1.5, expires_at=601.5, value=b"\x00value"
)


class TestEnvelope:
    @pytest.mark.parametrize("value", [b"", b"\x00\xff", b"x" * 100_000, None])
    def test_comes_back_as_it_went_in(self, value: bytes | None) -> None:
        envelope = msgspec.structs.replace(ENVELOPE, value=value)

        assert parse_envelope(format_envelope(envelope), "account", "001", "org") == envelope

    @pytest.mark.parametrize(
        "place", [("offer", "001", "org"), ("account", "002", "org"), ("account", "001", "other")]
    )
    def test_is_refused_in_any_other_place(self, place: tuple[str, str, str]) -> None:
        with capture_logs() as lines:
            assert parse_envelope(format_envelope(ENVELOPE), *place) is None

        assert [line["event"] for line in lines] == ["cache_entry_misplaced"]

    @pytest.mark.parametrize(
        "raw", [b"", b"junk", b"\xc1", format_envelope(ENVELOPE)[:-1], b"\x97" + b"\x01" * 7]
    )
    def test_is_refused_when_unreadable(self, raw: bytes) -> None:
        with capture_logs() as lines:
            assert parse_envelope(raw, "account", "001", "org") is None

        assert [line["log_level"] for line in lines] == ["error"]
