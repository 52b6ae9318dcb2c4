"""Asking a process on this machine whether it is there yet."""

import asyncio
import http.client

from bff.engines.ports import LOOPBACK

_TIMEOUT_S = 2.0


async def answers_ok(port: int, path: str) -> bool:
    """Whether `GET path` answers 200 now."""
    return await asyncio.to_thread(_ask, port, path)


def _ask(port: int, path: str) -> bool:
    connection = http.client.HTTPConnection(LOOPBACK, port, timeout=_TIMEOUT_S)
    try:
        connection.request("GET", path)
        return connection.getresponse().status == http.client.OK
    except (OSError, http.client.HTTPException):
        return False
    finally:
        connection.close()
