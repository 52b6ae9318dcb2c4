"""What is stored for one value: the bytes and the facts by which a reader judges them."""

import msgspec
import structlog

log = structlog.get_logger(__name__)


class Envelope(msgspec.Struct, frozen=True, array_like=True, kw_only=True):
    """Times are seconds since 1970 by the clock of the process that filled it.

    Namespace, key and scope say whose value this is. They are in the Redis key too; repeating them here is what
    keeps a value that was copied, swapped or restored to the wrong place from being shown to somebody else.
    """

    namespace: str
    key: str
    scope: str
    epoch: int
    read_at: float
    expires_at: float
    value: bytes | None


_encoder = msgspec.msgpack.Encoder()
_decoder = msgspec.msgpack.Decoder(Envelope)


def format_envelope(envelope: Envelope) -> bytes:
    return _encoder.encode(envelope)


def parse_envelope(raw: bytes, namespace: str, key: str, scope: str) -> Envelope | None:
    """The envelope, or None with an alarm in the log when it is unreadable or somebody else's."""
    try:
        envelope = _decoder.decode(raw)
    except msgspec.DecodeError:
        log.error("cache_entry_unreadable", namespace=namespace, key=key)
        return None
    if envelope.key != key or envelope.scope != scope or envelope.namespace != namespace:
        log.error("cache_entry_misplaced", namespace=namespace, key=key)
        return None
    return envelope
