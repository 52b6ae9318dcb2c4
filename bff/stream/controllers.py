"""The stream as server-sent events."""

from collections.abc import AsyncGenerator
from contextlib import aclosing

import msgspec
from litestar import get
from litestar.di import NamedDependency
from litestar.response import ServerSentEvent, ServerSentEventMessage

from bff.errors import TooManyRequests
from bff.identity import Caller, requires_customer
from bff.problems import problems
from bff.stream.facts import make_status_event
from bff.stream.service import News, Streams
from bff.texts import Texts, find_texts


@get(
    "/api/status/stream",
    guards=[requires_customer],
    responses=problems(TooManyRequests),
    tags=["status"],
)
async def follow_status(
    caller: NamedDependency[Caller], streams: NamedDependency[Streams]
) -> ServerSentEvent:
    """Server-sent events: `ready` once with the facts of now, `status` whenever they change.

    The data is `{eligibility, verification}`, as their own addresses answer them. The id is a version of each, with a
    dot between, that changes with what there is to show.
    """
    streams.check_room(caller)
    return ServerSentEvent(_tell(streams.follow(caller), find_texts(caller.locale)))


async def _tell(
    stream: AsyncGenerator[News, None], texts: Texts
) -> AsyncGenerator[ServerSentEventMessage, None]:
    async with aclosing(stream):
        async for news in stream:
            yield _make_message(news, texts)


def _make_message(news: News, texts: Texts) -> ServerSentEventMessage:
    if news.facts is None:
        return ServerSentEventMessage(comment="still here")
    event = msgspec.json.encode(make_status_event(news.facts, texts)).decode()
    return ServerSentEventMessage(event=news.kind, id=str(news.version), data=event)
