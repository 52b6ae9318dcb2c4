"""The floor: a bare ASGI callable that does one Redis GET on the pipelined connection and answers its bytes."""

import os
from typing import Any

from cache.connection import Redis

_redis = Redis.from_url(os.environ["BENCH_REDIS_URL"])
_HEADERS = [(b"content-type", b"application/json")]


async def app(scope: dict[str, Any], receive: Any, send: Any) -> None:
    if scope["type"] == "lifespan":
        await _run_lifespan(receive, send)
        return
    body = await _redis.call("GET", "bench:status")
    length = str(len(body)).encode()
    await send(
        {"type": "http.response.start", "status": 200, "headers": [*_HEADERS, (b"content-length", length)]}
    )
    await send({"type": "http.response.body", "body": body})


async def _run_lifespan(receive: Any, send: Any) -> None:
    await receive()
    await _redis.open()
    await send({"type": "lifespan.startup.complete"})
    await receive()
    await _redis.close()
    await send({"type": "lifespan.shutdown.complete"})
