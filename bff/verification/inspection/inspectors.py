"""The web process's side: a few warm inspectors, one document at a time each."""

import asyncio
import sys
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager

import structlog

from bff.verification.inspection.findings import DocumentRefused, Kind, Passed, RefusalCode
from bff.verification.inspection.job import Job, format_line, parse_verdict

# The fork's own alarm ends it after 8 s; only a broken inspector is later than this.
_ANSWER_S = 12
_COMMAND = (sys.executable, "-m", "bff.verification.inspection.child")
_LINE_LIMIT = _SLICE = 64 * 1024

_log = structlog.get_logger(__name__)


class Inspectors:
    """A pool of `size` inspectors, started when first needed and replaced when one breaks."""

    def __init__(self, *, size: int = 2) -> None:
        self._free: asyncio.Queue[asyncio.subprocess.Process | None] = asyncio.Queue()
        for _ in range(size):
            self._free.put_nowait(None)

    async def inspect(
        self, kind: Kind, size: int, chunks: AsyncIterator[bytes], *, write: Callable[[bytes], None]
    ) -> Passed:
        """Stream a document of `size` bytes to an inspector; rebuilt it goes to `write`, slice by slice.

        Raises DocumentRefused, also after some of it was written. An inspector that breaks or is late counts as
        TOO_COMPLEX: nothing passes unseen.
        """
        async with self._inspector() as process:
            try:
                async with asyncio.timeout(_ANSWER_S):
                    return await _converse(process, Job(kind, size), chunks, write)
            except (OSError, TimeoutError, asyncio.IncompleteReadError, ValueError) as error:
                _log.error("inspector_broke", error=type(error).__name__)
                process.kill()
                raise DocumentRefused(RefusalCode.TOO_COMPLEX) from None

    async def close(self) -> None:
        while not self._free.empty():
            process = self._free.get_nowait()
            if process is not None and process.returncode is None:
                process.kill()
                await process.wait()

    @asynccontextmanager
    async def _inspector(self) -> AsyncIterator[asyncio.subprocess.Process]:
        process = await self._free.get()
        try:
            if process is None or process.returncode is not None:
                process = await _start()
            yield process
        except asyncio.CancelledError:
            # The caller left in the middle of a document; the rest of its answer must not meet the next one.
            if process is not None and process.returncode is None:
                process.kill()
            raise
        finally:
            self._free.put_nowait(process)


async def _start() -> asyncio.subprocess.Process:
    pipe = asyncio.subprocess.PIPE
    return await asyncio.create_subprocess_exec(*_COMMAND, stdin=pipe, stdout=pipe, limit=_LINE_LIMIT)


async def _converse(
    process: asyncio.subprocess.Process,
    job: Job,
    chunks: AsyncIterator[bytes],
    write: Callable[[bytes], None],
) -> Passed:
    if process.stdin is None or process.stdout is None:
        raise OSError("the inspector was started without pipes")
    process.stdin.write(format_line(job))
    async for chunk in chunks:
        process.stdin.write(chunk)
        await process.stdin.drain()
    verdict = parse_verdict(await process.stdout.readline())
    if verdict.refused is not None or verdict.kind is None:
        raise DocumentRefused(verdict.refused or RefusalCode.TOO_COMPLEX)
    left = verdict.size
    while left:
        content = await process.stdout.read(min(left, _SLICE))
        if not content:
            raise asyncio.IncompleteReadError(b"", left)
        left -= len(content)
        write(content)
        # What has come already is read without waiting; others shall have a turn all the same.
        await asyncio.sleep(0)
    return Passed(kind=verdict.kind, quality=verdict.quality)
