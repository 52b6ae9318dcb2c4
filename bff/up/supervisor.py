"""The order in which things start and stop."""

import asyncio
import contextlib
import os
import signal
import time
from pathlib import Path

import msgspec

from bff.engines.errors import EngineError
from bff.engines.ports import is_port_free
from bff.engines.postgres import OWNER, Postgres
from bff.engines.valkey import Valkey
from bff.settings import Settings, read_settings
from bff.up.children import Child, Spec, read_last_line, spawn
from bff.up.data_dir import DataDir
from bff.up.embedded import Embedded
from bff.up.environment import keep_settings, make_environment, with_placeholders
from bff.up.errors import UpError
from bff.up.plan import Plan, Ports, list_ports, plan
from bff.up.preparation import plan_preparation
from bff.up.probing import answers_ok
from bff.up.screen import Addresses, Screen
from bff.up.tailing import tail

READY_S = 60.0
PROBE_S = 0.05
FAILURES_BEFORE_READY = 3
LARGEST_LOG = 10_000_000
ISSUERS_FILE = "issuer/issuers.json"
"""Where `bff db upgrade --demo` leaves the keys that sign development tokens."""


class Options(msgspec.Struct, frozen=True, kw_only=True):
    """The flags of `bff up`."""

    ports: Ports
    data_dir: Path
    shows_logs: bool = False


def run(options: Options, screen: Screen) -> None:
    """Everything, until SIGINT, SIGTERM or SIGHUP.

    Raises:
        UpError, EngineError, DataDirBusy, NotConfigured, SettingsError: each with a text for a terminal.
    """
    chosen = plan(os.environ)
    for option, port in list_ports(chosen, options.ports):
        if not is_port_free(port):
            raise UpError(f"Port {port} is in use: stop what listens there, or choose another with {option}.")
    data_dir = DataDir(options.data_dir)
    with data_dir.held():
        environment = make_environment(os.environ, plan=chosen, ports=options.ports, data_dir=data_dir)
        settings = read_settings(with_placeholders(environment, chosen))
        supervisor = Supervisor(options, chosen, data_dir=data_dir, screen=screen, environment=environment)
        asyncio.run(supervisor.run(settings))


class Supervisor:
    """One run of everything."""

    def __init__(
        self,
        options: Options,
        chosen: Plan,
        *,
        data_dir: DataDir,
        screen: Screen,
        environment: dict[str, str],
    ) -> None:
        self._options = options
        self._plan = chosen
        self._data_dir = data_dir
        self._screen = screen
        self._environment = environment
        self._engines: list[Embedded] = []
        self._children: list[Child] = []
        self._in_a_hurry = False
        self._preparation = plan_preparation(chosen, data_dir)

    async def run(self, settings: Settings) -> None:
        started_at = time.monotonic()
        stop = self._hear_signals()
        tasks = [asyncio.create_task(self._start()), asyncio.create_task(stop.wait())]
        if self._options.shows_logs:
            tasks.append(asyncio.create_task(tail(self._list_logs(), self._screen.console)))
        try:
            await asyncio.wait(tasks[:2], return_when=asyncio.FIRST_COMPLETED)
            if not stop.is_set():
                await tasks[0]
                addresses = Addresses(portal=settings.public_url, salesforce=settings.salesforce.url)
                elapsed_s = time.monotonic() - started_at
                self._screen.show_ready(
                    addresses, plan=self._plan, data_dir=self._options.data_dir, seconds=elapsed_s
                )
                await stop.wait()
        finally:
            await self._stop()
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)

    def _hear_signals(self) -> asyncio.Event:
        """The first signal asks for an orderly stop, the second for a quick one."""
        stop = asyncio.Event()

        def hear() -> None:
            self._in_a_hurry = stop.is_set()
            stop.set()

        loop = asyncio.get_running_loop()
        for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
            loop.add_signal_handler(number, hear)
        return stop

    async def _start(self) -> None:
        try:
            async with asyncio.TaskGroup() as group:
                group.create_task(self._start_postgres())
                group.create_task(self._start_valkey())
                group.create_task(self._start_emulator())
        except* (UpError, EngineError, OSError) as failures:
            # One sentence is enough: the others, if any, were cut off by the first.
            raise failures.exceptions[0] from None
        await self._prepare_database()
        self._data_dir.tell(keep_settings(self._environment))
        port = self._options.ports.web
        self._start_child("web", "serve", "--port", str(port))
        self._start_child("feed", "feed")
        self._start_child("worker", "worker")
        await self._wait_for("The portal", port, "/health/ready")

    async def _start_postgres(self) -> None:
        if not self._plan.postgres:
            return
        postgres = Postgres(self._data_dir.engines)
        await self._start_engine("PostgreSQL", postgres)
        self._environment |= {"DATABASE_URL": postgres.url(), "DATABASE_OWNER_URL": postgres.url(OWNER)}

    async def _start_valkey(self) -> None:
        if not self._plan.valkey:
            return
        valkey = Valkey(self._data_dir.engines)
        await self._start_engine("Valkey", valkey)
        self._environment["REDIS_URL"] = valkey.url()

    async def _start_engine(self, name: str, engine: Postgres | Valkey) -> None:
        embedded = Embedded(name, engine, say=self._screen.say)
        self._engines.append(embedded)
        await embedded.start()
        self._screen.say(f"{name} runs on port {engine.port}")

    async def _start_emulator(self) -> None:
        if not self._plan.emulator:
            return
        ports = self._options.ports
        arguments = ["--port", str(ports.emulator), "--pubsub-port", str(ports.pubsub)]
        if ports.pubsub_tls is not None:
            arguments += ["--pubsub-tls-port", str(ports.pubsub_tls)]
        self._start_child("emulator", "emulator", *arguments)
        await self._wait_for("The Salesforce emulator", ports.emulator, "/emulator/health")
        self._screen.say(f"The Salesforce emulator runs on ports {ports.emulator} and {ports.pubsub}")

    async def _prepare_database(self) -> None:
        if self._plan.demo:
            self._environment.setdefault("BEARER_ISSUERS_FILE", str(self._data_dir.path / ISSUERS_FILE))
        if not self._preparation.is_needed:
            return
        log = self._open_log("prepare")
        arguments = ["db", "upgrade", *self._data_dir_option()]
        arguments += ["--demo"] if self._plan.demo else []
        arguments += ["--mark", str(self._preparation.mark)] if self._preparation.mark else []
        environment = {
            name: text for name, text in self._environment.items() if name != "BEARER_ISSUERS_FILE"
        }
        process = await spawn(arguments, environment=environment, log=log)
        if await process.wait():
            raise UpError(f"The database could not be prepared: {read_last_line(log)} ({log})")
        self._screen.say(
            "The schema is up to date" + (" and the demo people are in place" if self._plan.demo else "")
        )

    def _start_child(self, name: str, *arguments: str) -> None:
        spec = Spec(name=name, arguments=(*arguments, *self._data_dir_option()))
        log = self._open_log(name)
        child = Child(spec, environment=self._environment, log=log, say=self._screen.say)
        self._children.append(child)
        child.start()

    def _data_dir_option(self) -> tuple[str, str]:
        return ("--data-dir", str(self._data_dir.path))

    async def _wait_for(self, what: str, port: int, path: str) -> None:
        deadline = time.monotonic() + READY_S
        while not await answers_ok(port, path):
            for child in self._children:
                if child.failures >= FAILURES_BEFORE_READY:
                    raise UpError(
                        f"The {child.name} process does not start: {child.get_last_words()} ({child.log})"
                    )
            if time.monotonic() > deadline:
                raise UpError(
                    f"{what} was not ready after {READY_S:.0f} s; its logs are in {self._data_dir.logs}."
                )
            await asyncio.sleep(PROBE_S)

    async def _stop(self) -> None:
        """Whatever needs an engine goes before it: web, feed and worker, then the emulator, then the engines."""
        self._screen.say("Stopping")
        last = [child for child in self._children if child.name == "emulator"]
        first = [child for child in self._children if child not in last]
        for row in (first, last):
            await asyncio.gather(*(child.stop(kill=self._in_a_hurry) for child in row))
        await asyncio.gather(*(engine.stop() for engine in self._engines))
        self._screen.say("Everything is stopped")

    def _open_log(self, name: str) -> Path:
        """Where a process writes. One earlier log is kept, so that a restart's reason can still be read."""
        log = self._data_dir.logs / f"{name}.log"
        with contextlib.suppress(FileNotFoundError):
            if log.stat().st_size > LARGEST_LOG:
                log.replace(log.with_suffix(".log.1"))
        return log

    def _list_logs(self) -> dict[str, Path]:
        names = ("web", "feed", "worker", "emulator", "prepare")
        return {name: self._data_dir.logs / f"{name}.log" for name in names}
