"""FetchResponse written by hand from event bytes that were serialised once.

Every subscriber of a topic gets the same events; joining kept bytes costs a fraction of building messages
anew, and the result is byte for byte what the generated classes would write.
"""

from collections.abc import Sequence

from sf_sync.pubsub import pubsub_api_pb2 as pb2

_EVENTS = b"\x0a"  # field 1, length-delimited
_LATEST_REPLAY_ID = b"\x12"  # field 2, length-delimited
_RPC_ID = b"\x1a"  # field 3, length-delimited
_PENDING = b"\x20"  # field 4, varint


def format_varint(number: int) -> bytes:
    """A non-negative number in protobuf's base 128 form."""
    out = bytearray()
    while number > 0x7F:
        out.append(number & 0x7F | 0x80)
        number >>= 7
    out.append(number)
    return bytes(out)


def format_event_frame(*, event_id: str, schema_id: str, payload: bytes, replay_id: bytes) -> bytes:
    """One element of FetchResponse.events with its tag and length, ready to be joined."""
    event = pb2.ProducerEvent(id=event_id, schema_id=schema_id, payload=payload)
    body = pb2.ConsumerEvent(event=event, replay_id=replay_id).SerializeToString()
    return _EVENTS + format_varint(len(body)) + body


def format_fetch_response(frames: Sequence[bytes], *, latest: bytes, rpc_id: bytes, pending: int) -> bytes:
    """The whole response. Without frames it is a keepalive."""
    tail = [
        _LATEST_REPLAY_ID,
        format_varint(len(latest)),
        latest,
        _RPC_ID,
        format_varint(len(rpc_id)),
        rpc_id,
    ]
    if pending:
        tail += [_PENDING, format_varint(pending)]
    return b"".join([*frames, *tail])
