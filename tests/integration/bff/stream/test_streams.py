"""Following the facts of one customer: what is told, when, and when it ends."""

import asyncio
import socket
from collections.abc import AsyncIterator
from contextlib import aclosing, asynccontextmanager

import httpx
import msgspec
import pytest
import uvicorn

from bff.eligibility.pictures import make_pictures as make_requests
from bff.eligibility.reading import Reader as EligibilityReader
from bff.errors import TooManyRequests
from bff.identity import Caller
from bff.identity.principals import Principals
from bff.identity.sessions import NewSession, Sessions
from bff.stream.facts import FactsReader
from bff.stream.service import MOST_PER_ACCOUNT, News, Streams
from bff.verification.pictures import make_pictures as make_attempts
from bff.verification.reading import Reader as VerificationReader
from sf_sync.objects.account import EligibilityStatus
from tests.documents import make_jpeg
from tests.fixtures.portal import sign_in
from tests.integration.bff.scene import REQUEST, Scene, make_email

pytestmark = pytest.mark.asyncio

WITHIN_S = 5.0


class Rig(msgspec.Struct):
    """Streams with short times, for one signed-in customer."""

    streams: Streams
    sessions: Sessions
    session: NewSession
    stopping: asyncio.Event

    @property
    def caller(self) -> Caller:
        return self.session.caller


async def make_rig(scene: Scene, name: str, *, keep_alive_s: float = 60, lifetime_s: float = 60) -> Rig:
    adapters = scene.portal.adapters
    principals = Principals(adapters.database)
    sessions = Sessions(adapters.redis, principals, scene.portal.settings.identity)
    caller = await principals.find_by_email(make_email(name))
    assert caller is not None
    eligibility = EligibilityReader(adapters.account_view, make_requests(adapters))
    verification = VerificationReader(adapters.account_view, make_attempts(adapters))
    stopping = asyncio.Event()
    streams = Streams(
        FactsReader(eligibility, verification),
        adapters.broadcast,
        sessions,
        stopping=stopping,
        keep_alive_s=keep_alive_s,
        lifetime_s=lifetime_s,
    )
    return Rig(streams, sessions, await sessions.start(caller), stopping)


async def hear(stream: AsyncIterator[News]) -> News:
    return await asyncio.wait_for(anext(stream), WITHIN_S)


def read_status(news: News) -> EligibilityStatus | None:
    assessment = news.facts and news.facts.eligibility.assessment
    return assessment.status if assessment else None


class TestFollow:
    async def test_begins_with_the_facts_of_now(self, scene: Scene) -> None:
        rig = await make_rig(scene, "sara")

        async with aclosing(rig.streams.follow(rig.caller)) as stream:
            news = await hear(stream)

        assert (news.kind, read_status(news)) == ("ready", "eligible")

    async def test_tells_a_decision(self, scene: Scene) -> None:
        rig = await make_rig(scene, "kenji")

        async with aclosing(rig.streams.follow(rig.caller)) as stream:
            ready = await hear(stream)
            await scene.decide("kenji", "Eligible", Internet_Eligibility__c="Home")
            news = await hear(stream)

        assert (news.kind, read_status(news)) == ("status", "eligible")
        assert news.version != ready.version

    async def test_tells_the_customers_own_request_to_every_tab(self, scene: Scene) -> None:
        rig = await make_rig(scene, "hana")

        async with (
            scene.portal.signed_in() as client,
            aclosing(rig.streams.follow(rig.caller)) as one,
            aclosing(rig.streams.follow(rig.caller)) as other,
        ):
            await hear(one), await hear(other)
            await client.post(REQUEST, json={})
            heard = [await hear(one), await hear(other)]

        assert [read_status(news) for news in heard] == ["pending", "pending"]

    async def test_tells_a_document_that_salesforce_does_not_have_yet(self, scene: Scene) -> None:
        rig = await make_rig(scene, "hana")

        async with scene.portal.signed_in() as client, aclosing(rig.streams.follow(rig.caller)) as stream:
            ready = await hear(stream)
            scene.emulator.faults.change({"unavailable": True})
            files = {"file": ("card.jpg", make_jpeg((900, 600)), "image/jpeg")}
            await client.post("/api/verification/id", files=files)
            news = await hear(stream)

        verification = news.facts and news.facts.verification.assessment
        assert verification is not None
        assert (verification.status, verification.freshness.source) == ("submitted", "portal")
        assert ready.version is not None
        assert news.version is not None
        assert ready.version.eligibility == news.version.eligibility
        assert ready.version.verification != news.version.verification

    async def test_tells_a_document_once_and_not_again_when_it_is_delivered(self, scene: Scene) -> None:
        rig = await make_rig(scene, "hana", keep_alive_s=0.5)

        async with scene.portal.signed_in() as client, aclosing(rig.streams.follow(rig.caller)) as stream:
            await hear(stream)
            files = {"file": ("card.jpg", make_jpeg((900, 600)), "image/jpeg")}
            await client.post("/api/verification/id", files=files)
            kinds = [(await hear(stream)).kind for _ in range(2)]

        assert kinds == ["status", "silence"]

    async def test_keeps_quiet_about_changes_that_do_not_show(self, scene: Scene) -> None:
        rig = await make_rig(scene, "kenji", keep_alive_s=0.2)

        async with aclosing(rig.streams.follow(rig.caller)) as stream:
            await hear(stream)
            await scene.forget("kenji")
            news = await hear(stream)

        assert news.kind == "silence"

    async def test_keeps_quiet_about_other_customers(self, scene: Scene) -> None:
        rig = await make_rig(scene, "kenji", keep_alive_s=0.2)

        async with aclosing(rig.streams.follow(rig.caller)) as stream:
            await hear(stream)
            await scene.decide("hana", "Eligible")

            assert (await hear(stream)).kind == "silence"

    async def test_hears_when_every_account_was_forgotten(self, scene: Scene) -> None:
        rig = await make_rig(scene, "kenji")

        async with aclosing(rig.streams.follow(rig.caller)) as stream:
            await hear(stream)
            account_id = scene.find_account("kenji")["Id"]
            with scene.emulator.org.transaction(
                user_id=scene.find_account("kenji")["OwnerId"]
            ) as transaction:
                transaction.update("Account", account_id, {"Internet_Eligibility_Status__c": "Eligible"})
            await scene.portal.adapters.account_view.invalidate_all()

            assert read_status(await hear(stream)) == "eligible"

    async def test_begins_without_facts_while_nobody_can_tell(self, scene: Scene) -> None:
        scene.emulator.faults.change({"unavailable": True})
        rig = await make_rig(scene, "sara")

        async with aclosing(rig.streams.follow(rig.caller)) as stream:
            news = await hear(stream)

        assert (news.kind, read_status(news)) == ("ready", None)


class TestEnd:
    async def test_comes_with_the_end_of_the_session(self, scene: Scene) -> None:
        rig = await make_rig(scene, "sara", keep_alive_s=0.05)

        async with aclosing(rig.streams.follow(rig.caller)) as stream:
            await hear(stream)
            await rig.sessions.end(rig.session.token.encode())
            kinds = [news.kind async for news in stream]

        assert set(kinds) <= {"silence"}

    async def test_comes_with_the_end_of_the_process(self, scene: Scene) -> None:
        rig = await make_rig(scene, "sara")

        async with aclosing(rig.streams.follow(rig.caller)) as stream:
            await hear(stream)
            rig.stopping.set()

            assert [news async for news in stream] == []

    async def test_comes_by_itself_after_a_while(self, scene: Scene) -> None:
        rig = await make_rig(scene, "sara", keep_alive_s=0.05, lifetime_s=0.2)

        async with asyncio.timeout(WITHIN_S), aclosing(rig.streams.follow(rig.caller)) as stream:
            kinds = [news.kind async for news in stream]

        assert kinds[0] == "ready"

    async def test_leaves_nothing_behind(self, scene: Scene) -> None:
        rig = await make_rig(scene, "sara")
        before = asyncio.all_tasks()

        async with aclosing(rig.streams.follow(rig.caller)) as stream:
            await hear(stream)
        await asyncio.sleep(0)

        assert asyncio.all_tasks() <= before


class TestRoom:
    async def test_an_account_has_room_for_many_tabs_and_no_more(self, scene: Scene) -> None:
        rig = await make_rig(scene, "sara")
        streams = [rig.streams.follow(rig.caller) for _ in range(MOST_PER_ACCOUNT)]
        for stream in streams:
            rig.streams.check_room(rig.caller)
            await hear(stream)

        with pytest.raises(TooManyRequests):
            rig.streams.check_room(rig.caller)

        await streams.pop().aclose()
        rig.streams.check_room(rig.caller)
        for stream in streams:
            await stream.aclose()


@asynccontextmanager
async def serving(scene: Scene) -> AsyncIterator[str]:
    """The portal behind a socket: an in-process transport would wait for the end of an endless answer."""
    listener = socket.create_server(("127.0.0.1", 0))
    server = uvicorn.Server(uvicorn.Config(scene.portal.app, lifespan="off", log_level="warning"))
    task = asyncio.create_task(server.serve(sockets=[listener]))
    yield f"http://127.0.0.1:{listener.getsockname()[1]}"
    server.should_exit = True
    await task


class TestWire:
    async def test_events_have_a_name_an_id_and_both_facts(self, scene: Scene) -> None:
        async with serving(scene) as url, httpx.AsyncClient(base_url=url, timeout=WITHIN_S) as client:
            client.headers.update(await sign_in(client, make_email("kenji")))
            async with client.stream("GET", "/api/status/stream") as answer:
                lines = answer.aiter_lines()
                ready = [await anext(lines) for _ in range(3)]
                await scene.decide("kenji", "Ineligible", Internet_Eligibility_Notes__c="No fibre")
                await anext(lines)
                status = [await anext(lines) for _ in range(3)]

        assert answer.headers["content-type"].startswith("text/event-stream")
        assert [line.split(":")[0] for line in ready] == ["id", "event", "data"]
        assert [ready[1], status[1]] == ["event: ready", "event: status"]
        body = msgspec.json.decode(status[2].removeprefix("data: "))
        assert (body["eligibility"]["status"], body["eligibility"]["notes"]) == ("ineligible", "No fibre")
        assert body["verification"]["status"] == "submitted"
        assert body["verification"]["nextAction"]["code"] == "wait_for_review"
