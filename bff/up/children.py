"""The product's processes: started, watched, started again, stopped."""

import asyncio
import os
import signal
import subprocess
import sys
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from pathlib import Path

import msgspec

from bff.engines.processes import die_with_parent

BACKOFF_FIRST_S = 0.5
BACKOFF_CAP_S = 10.0
SETTLED_AFTER_S = 30.0
"""A process that ran this long had started well: its next back-off begins anew."""
STOP_S = 5.0

Say = Callable[[str], None]


class Spec(msgspec.Struct, frozen=True, kw_only=True):
    """One process: what people call it, and its arguments to the `bff` command."""

    name: str
    arguments: tuple[str, ...]


class Child:
    """A process that is kept running until `stop`."""

    def __init__(self, spec: Spec, *, environment: Mapping[str, str], log: Path, say: Say) -> None:
        self.name = spec.name
        self.log = log
        self.failures = 0
        self._spec = spec
        self._environment = environment
        self._say = say
        self._process: asyncio.subprocess.Process | None = None
        self._keeper: asyncio.Task[None] | None = None

    @property
    def pid(self) -> int | None:
        """The process id while it runs."""
        process = self._process
        return process.pid if process is not None and process.returncode is None else None

    def start(self) -> None:
        """Run it from now on, again after each end, later and later."""
        self._keeper = asyncio.create_task(self._keep_running())

    async def stop(self, *, kill: bool = False) -> None:
        """SIGTERM, then SIGKILL to its group when it takes too long."""
        if self._keeper is None:
            return
        self._keeper.cancel()
        await asyncio.wait([self._keeper])
        if self._process is not None and self._process.returncode is None:
            await _end(self._process, at_once=kill)

    def get_last_words(self) -> str:
        """The last line of its log: what a person should see first when it does not start."""
        return read_last_line(self.log)

    async def _keep_running(self) -> None:
        loop = asyncio.get_running_loop()
        while True:
            started_at = loop.time()
            self._process = await spawn(self._spec.arguments, environment=self._environment, log=self.log)
            code = await self._process.wait()
            # Web workers of a killed parent would live on and keep its port.
            with suppress(ProcessLookupError):
                os.killpg(self._process.pid, signal.SIGKILL)
            self.failures = 1 if loop.time() - started_at > SETTLED_AFTER_S else self.failures + 1
            pause_s = min(BACKOFF_FIRST_S * 2 ** (self.failures - 1), BACKOFF_CAP_S)
            self._say(f"{self.name} ended ({describe_exit(code)}), starting it again in {pause_s:g} s")
            await asyncio.sleep(pause_s)


async def spawn(
    arguments: Sequence[str], *, environment: Mapping[str, str], log: Path
) -> asyncio.subprocess.Process:
    """`bff …` in a process group of its own, so that a terminal's Ctrl-C reaches the supervisor alone."""
    with log.open("ab") as output:
        return await asyncio.create_subprocess_exec(
            *(sys.executable, "-m", "bff", *arguments),
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=output,
            env=dict(environment),
            process_group=0,
            preexec_fn=die_with_parent(signal.SIGTERM),
        )


async def _end(process: asyncio.subprocess.Process, *, at_once: bool) -> None:
    with suppress(ProcessLookupError):
        if not at_once:
            process.terminate()
            with suppress(TimeoutError):
                async with asyncio.timeout(STOP_S):
                    await process.wait()
        if process.returncode is None:
            os.killpg(process.pid, signal.SIGKILL)
    await process.wait()


def describe_exit(code: int) -> str:
    if code < 0:
        return signal.Signals(-code).name
    return f"exit code {code}"


def read_last_line(log: Path) -> str:
    lines = log.read_text(errors="replace").strip().splitlines() if log.exists() else []
    return lines[-1].strip().removeprefix("Error: ") if lines else "it said nothing"
