"""A web process that is killed at one step of an upload: `python -m tests.faults.upload_process <moment> <port>`.

Everything in it is the product's own; the seams are its adapters, which stop the whole process, as kill -9 does, when
they are reached. `MOMENTS` says which moments there are.
"""

import os
import signal
import sys
from collections.abc import AsyncIterator, Callable, Mapping, MutableMapping, Sequence
from contextlib import asynccontextmanager
from typing import Any, NoReturn
from uuid import UUID

import msgspec
import structlog
import uvicorn
from litestar.types import Message, Receive, Scope, Send
from sqlalchemy.ext.asyncio import AsyncSession

from bff.adapters import Adapters, make_adapters
from bff.app import create_app
from bff.db import Database
from bff.jobs import Jobs
from bff.safekeeping.scanning import Scan, Scanner
from bff.safekeeping.sealing import DocumentKeys, Seal
from bff.settings import Settings, read_settings
from cache.broadcast import Broadcast
from cache.limits import Limiter, Taken
from sf_sync.documents import Documents, DocumentStored, DocumentSuperseded
from sf_sync.objects.document_submission import SubmitDocument


def die() -> NoReturn:
    os.kill(os.getpid(), signal.SIGKILL)
    raise AssertionError("still alive")


class DyingLimiter(Limiter):
    async def take(self, key: str, *, limit: int, window_s: float) -> Taken:
        await super().take(key, limit=limit, window_s=window_s)
        die()


class DyingScanner(Scanner):
    async def scan(self, chunks: AsyncIterator[bytes]) -> Scan:
        die()


class DyingKeys(DocumentKeys):
    def make_seal(self, *, identity: str) -> Seal:
        super().make_seal(identity=identity)
        die()


class DyingJobs(Jobs):
    """The delivery's job is promised inside the transaction that stores the document."""

    async def defer(self, *arguments: Any, **options: Any) -> bool:
        await super().defer(*arguments, **options)
        die()


class DyingBroadcast(Broadcast):
    async def publish(self, topics: Sequence[str]) -> None:
        die()


class DyingBeforeSending(Documents):
    async def submit(self, command: SubmitDocument) -> DocumentStored | DocumentSuperseded:
        die()


class DyingAfterSending(Documents):
    async def submit(self, command: SubmitDocument) -> DocumentStored | DocumentSuperseded:
        await super().submit(command)
        die()


class DyingDatabase(Database):
    """Dies with the first transaction after `is_armed` was set."""

    is_armed = False

    @asynccontextmanager
    async def transaction(self, org_id: UUID) -> AsyncIterator[AsyncSession]:
        async with super().transaction(org_id) as session:
            yield session
            if self.is_armed:
                die()


class ArmingDocuments(Documents):
    """What is compared after sending lies in the database."""

    def __init__(self, adapters: Adapters, database: DyingDatabase) -> None:
        super().__init__(adapters.client)
        self._database = database

    async def submit(self, command: SubmitDocument) -> DocumentStored | DocumentSuperseded:
        outcome = await super().submit(command)
        self._database.is_armed = True
        return outcome


def die_while_confirming(adapters: Adapters, settings: Settings) -> Adapters:
    database = DyingDatabase(settings.database)
    documents = ArmingDocuments(adapters, database)
    return msgspec.structs.replace(adapters, database=database, documents=documents)


def replace(name: str, make: Callable[[Adapters, Settings], Any]) -> Callable[[Adapters, Settings], Adapters]:
    def change(adapters: Adapters, settings: Settings) -> Adapters:
        return msgspec.structs.replace(adapters, **{name: make(adapters, settings)})

    return change


def make_broadcast(adapters: Adapters, settings: Settings) -> Broadcast:
    return DyingBroadcast(adapters.redis, settings.redis_url, channel="portal:changes")


def keep(adapters: Adapters, settings: Settings) -> Adapters:
    """For the moments that are no adapter's: they are in the server's messages and in the log."""
    return adapters


MOMENTS: Mapping[str, Callable[[Adapters, Settings], Adapters]] = {
    "admit": replace("limiter", lambda adapters, _: DyingLimiter(adapters.redis)),
    "receive": keep,
    "examine": replace("scanner", lambda *_: DyingScanner("localhost:1")),
    "seal": replace("document_keys", lambda _, settings: DyingKeys(settings.documents.keys)),
    "store": replace("jobs", lambda _, settings: DyingJobs(settings.database)),
    "announce": replace("broadcast", make_broadcast),
    "before send": replace("documents", lambda adapters, _: DyingBeforeSending(adapters.client)),
    "after send": replace("documents", lambda adapters, _: DyingAfterSending(adapters.client)),
    "confirm": die_while_confirming,
    "settle": keep,
    "answer": keep,
    "never": keep,
}


def die_after_settling(_: Any, __: str, event: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
    if event["event"] == "delivery_settled":
        die()
    return event


class DyingServer:
    """Around the whole app: dies with a part of the body, or with the answer in its hands."""

    def __init__(self, app: Any, moment: str) -> None:
        self._app = app
        self._moment = moment

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        is_upload = scope.get("method") == "POST" and scope.get("path") == "/api/verification/id"

        async def receive_some() -> Any:
            message = await receive()
            if is_upload and self._moment == "receive" and message.get("body"):
                die()
            return message

        async def send_nothing(message: Message) -> None:
            if is_upload and self._moment == "answer" and message["type"] == "http.response.start":
                die()
            await send(message)

        await self._app(scope, receive_some, send_nothing)


def main(moment: str, port: int) -> None:
    settings = read_settings(os.environ)
    if moment == "settle":
        structlog.configure(processors=[die_after_settling, structlog.dev.ConsoleRenderer()])
    app = create_app(settings, MOMENTS[moment](make_adapters(settings), settings))
    uvicorn.run(DyingServer(app, moment), port=port, log_level="warning")


if __name__ == "__main__":
    main(sys.argv[1], int(sys.argv[2]))
