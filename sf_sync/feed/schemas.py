"""Readers of events by schema id: each schema is fetched once, however many events wait for it."""

import asyncio
import time
from collections.abc import Awaitable, Callable, Iterable

import structlog

from sf_sync.feed.decoder import HeaderReader, SchemaUnusable, compile_reader
from sf_sync.feed.troubles import Remedy, StreamEnded, plan_backoff_s

FetchSchema = Callable[[str], Awaitable[str]]
"""The JSON of a schema id; raises StreamEnded."""

ASK_AGAIN_AFTER_S = 10.0
"""A schema that could not be had is not asked for with every event: each try may hold the stream up."""

log = structlog.get_logger(__name__)


class Schemas:
    """A schema id always means the same schema, so a compiled reader is kept for good (Pub/Sub guide, GetSchema)."""

    def __init__(self, *, patience_s: float, clock: Callable[[], float] = time.monotonic) -> None:
        self._patience_s = patience_s
        self._clock = clock
        self._readers: dict[str, HeaderReader] = {}
        self._ask_again_at: dict[str, float] = {}
        self._loading = asyncio.Lock()

    def find(self, schema_id: str) -> HeaderReader | None:
        """None while the schema is not loaded, or when it cannot be had: its events count as undecodable then."""
        return self._readers.get(schema_id)

    async def load(self, schema_ids: Iterable[str], fetch: FetchSchema) -> None:
        """Make `find` answer for these, as far as Salesforce gives the schemas in time; raises nothing for the rest."""
        for schema_id in set(schema_ids) - self._readers.keys():
            async with self._loading:
                # Another stream may have loaded it while this one waited for its turn.
                if schema_id not in self._readers and self._ask_again_at.get(schema_id, 0.0) <= self._clock():
                    await self._load_one(schema_id, fetch)

    async def _load_one(self, schema_id: str, fetch: FetchSchema) -> None:
        try:
            async with asyncio.timeout(self._patience_s):
                schema_json = await _fetch_patiently(schema_id, fetch)
            self._readers[schema_id] = compile_reader(schema_json)
        except (StreamEnded, SchemaUnusable, TimeoutError) as error:
            self._ask_again_at[schema_id] = self._clock() + ASK_AGAIN_AFTER_S
            log.error("feed.schema_missing", schema_id=schema_id, reason=str(error) or "timeout", alarm=True)
        else:
            log.info("feed.schema_loaded", schema_id=schema_id)


async def _fetch_patiently(schema_id: str, fetch: FetchSchema) -> str:
    """Again and again while the trouble may pass; the caller's timeout ends it."""
    failures = 0
    while True:
        try:
            return await fetch(schema_id)
        except StreamEnded as ended:
            if ended.trouble.remedy not in (Remedy.RETRY, Remedy.SIGN_IN):
                raise
            failures += 1
        await asyncio.sleep(plan_backoff_s(failures, first_s=0.1, cap_s=1.0))
