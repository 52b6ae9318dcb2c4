"""Many senders, some of them slow."""

import asyncio
from collections.abc import AsyncIterator

import pytest

from bff.verification.examination import Body, Examination
from bff.verification.inspection.findings import Kind
from bff.verification.inspection.inspectors import Inspectors
from bff.verification.intake.receive import Limits
from bff.verification.intake.spool import Spool
from tests.documents import make_jpeg

HEAD = b'--b\r\nContent-Disposition: form-data; name="file"; filename="card.jpg"\r\n\r\n'
JPEG = make_jpeg((160, 100))


def make_body(*, ends: asyncio.Event) -> Body:
    async def chunks() -> AsyncIterator[bytes]:
        yield HEAD + JPEG
        await ends.wait()
        yield b"\r\n--b--\r\n"

    return Body(chunks=chunks(), content_type="multipart/form-data; boundary=b", content_length=None)


@pytest.mark.asyncio
async def test_whoever_sends_slowly_keeps_nobody_else_from_sending() -> None:
    examination = Examination(Inspectors(), None, limits=Limits())
    never, at_once = asyncio.Event(), asyncio.Event()
    at_once.set()

    async def send(sender: str, ends: asyncio.Event) -> Kind:
        with Spool() as spool:
            return (await examination.receive(make_body(ends=ends), spool, sender=sender)).kind

    slow = [asyncio.create_task(send("slow", never)) for _ in range(200)]
    await asyncio.sleep(0)
    async with asyncio.timeout(5):
        assert await send("quick", at_once) is Kind.JPEG
        never.set()
        assert {await each for each in slow} == {Kind.JPEG}
