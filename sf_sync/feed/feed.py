"""The feed process: lead or stand by, and while leading keep stream, heartbeat, polling and state going."""

import asyncio
from collections.abc import Callable, Sequence
from datetime import UTC, datetime

import structlog

from cache.connection import Redis
from cache.errors import CacheError
from cache.leadership import Leadership, Term
from sf_sync.accounts import AccountView
from sf_sync.client import SalesforceClient
from sf_sync.feed.lead import TopicLead
from sf_sync.feed.liveness import make_liveness
from sf_sync.feed.positions import Positions, Superseded
from sf_sync.feed.pubsub import SignIn
from sf_sync.feed.reading import EventReader
from sf_sync.feed.schemas import Schemas
from sf_sync.feed.session import Parts, Tally
from sf_sync.feed.settings import FeedSettings
from sf_sync.feed.state import FeedMode, FeedState
from sf_sync.feed.topics import Topic, make_topics
from sf_sync.salesforce import Salesforce

log = structlog.get_logger(__name__)

LEADERSHIP = "feed"


class TermOver(Exception):
    """This process leads no more: told to stop, or another one leads."""


def read_clock() -> datetime:
    return datetime.now(UTC)


class Feed:
    """Everything between the event bus of Salesforce and the cached views."""

    def __init__(
        self,
        view: AccountView,
        client: SalesforceClient,
        redis: Redis,
        settings: FeedSettings,
        *,
        more_topics: Sequence[Topic] = (),
        now: Callable[[], datetime] = read_clock,
    ) -> None:
        """Follows accounts, and `more_topics` beside them."""
        self._redis = redis
        self._settings = settings
        self._now = now
        self._leadership = Leadership(redis, LEADERSHIP, ttl_s=settings.leader_ttl_s)
        self._topics = (*make_topics(view, Salesforce(client)), *more_topics)
        self._sign_in = SignIn(client)
        self._schemas = Schemas(patience_s=settings.schema_patience_s)
        self._leads: tuple[TopicLead, ...] = ()

    async def run(self, stop: asyncio.Event) -> None:
        """Lead or stand by until `stop` is set; then give up the lead, so that another takes over at once.

        Outlives every outage of Salesforce and Redis. The caller opens and closes view, client and redis.
        """
        log.info("feed.standing_by")
        while not stop.is_set():
            term = await self._find_term()
            if term is not None:
                await self._lead(term, stop)
            else:
                await _wait(stop, timeout_s=self._settings.tick_s)

    def describe(self) -> dict[str, FeedState]:
        """What this process does right now, by entity."""
        if self._leads:
            return {lead.entity: lead.describe() for lead in self._leads}
        state = FeedState(mode=FeedMode.STANDBY, said_at=self._now())
        return {topic.entity: state for topic in self._topics}

    async def _find_term(self) -> Term | None:
        try:
            return await self._leadership.acquire()
        except CacheError:
            return None

    async def _lead(self, term: Term, stop: asyncio.Event) -> None:
        log.info("feed.leading", fencing=term.fencing)
        self._leads = tuple(self._make_lead(topic, term) for topic in self._topics)
        try:
            async with asyncio.TaskGroup() as group:
                for lead in self._leads:
                    group.create_task(lead.run())
                group.create_task(self._keep(term))
                group.create_task(_end_at(stop))
        except* (TermOver, Superseded):
            log.info("feed.led", fencing=term.fencing)
        finally:
            self._leads = ()
            await self._release(term)

    def _make_lead(self, topic: Topic, term: Term) -> TopicLead:
        positions = Positions(
            self._redis, topic.name, self._settings, leader_key=self._leadership.key, term=term
        )
        parts = Parts(
            topic=topic,
            redis=self._redis,
            positions=positions,
            reader=EventReader(topic.name, topic.entity, self._schemas),
            liveness=make_liveness(self._settings),
            tally=Tally(),
            settings=self._settings,
            now=self._now,
        )
        return TopicLead(parts, self._sign_in)

    async def _keep(self, term: Term) -> None:
        """Renews thrice in a term. While Redis is away nobody can take over, and nothing we do takes effect."""
        while True:
            await asyncio.sleep(self._settings.leader_ttl_s / 3)
            try:
                is_kept = await self._leadership.renew(term)
            except CacheError:
                continue
            if not is_kept:
                raise TermOver

    async def _release(self, term: Term) -> None:
        try:
            await self._leadership.release(term)
        except CacheError:
            log.warning("feed.release_failed")  # the term then ends by itself within seconds


async def _end_at(stop: asyncio.Event) -> None:
    await stop.wait()
    raise TermOver


async def _wait(stop: asyncio.Event, *, timeout_s: float) -> None:
    try:
        async with asyncio.timeout(timeout_s):
            await stop.wait()
    except TimeoutError:
        pass
