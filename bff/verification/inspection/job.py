"""The words between the web process and an inspector: one line of JSON, then bytes, each way."""

from typing import BinaryIO

import msgspec

from bff.verification.inspection.findings import Kind, Quality, RefusalCode


class Job(msgspec.Struct, frozen=True):
    kind: Kind
    size: int


class Verdict(msgspec.Struct, frozen=True, kw_only=True):
    """`refused` is set, or `kind`, `quality` and the number of bytes that follow."""

    refused: RefusalCode | None = None
    kind: Kind | None = None
    quality: tuple[Quality, ...] = ()
    size: int = 0


_JOB = msgspec.json.Decoder(Job)
_VERDICT = msgspec.json.Decoder(Verdict)


def format_line(message: Job | Verdict) -> bytes:
    return msgspec.json.encode(message) + b"\n"


def parse_verdict(line: bytes) -> Verdict:
    return _VERDICT.decode(line)


def read_job(stream: BinaryIO) -> tuple[Job, bytes] | None:
    """The next job with its document, or None when the other side has gone."""
    line = stream.readline()
    if not line:
        return None
    job = _JOB.decode(line)
    content = stream.read(job.size)
    return (job, content) if len(content) == job.size else None
