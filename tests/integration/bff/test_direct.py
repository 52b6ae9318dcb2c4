"""A direct read is the ordinary route, only quicker. A slash at the end leads past it, into the framework."""

import httpx
import pytest

from tests.fixtures.portal import Portal

pytestmark = pytest.mark.asyncio

PATHS = ("/api/eligibility/internet",)
VARYING = {"x-request-id", "date"}


def compare(direct: httpx.Response, ordinary: httpx.Response) -> None:
    assert direct.status_code == ordinary.status_code
    kept = [
        {name: text for name, text in answer.headers.items() if name not in VARYING}
        for answer in (direct, ordinary)
    ]
    assert kept[0] == kept[1]
    assert direct.json() | {"requestId": ""} == ordinary.json() | {"requestId": ""}


@pytest.mark.parametrize("path", PATHS)
class TestDirectReads:
    @pytest.mark.parametrize(
        "email", ["hana@customer.example", "sara@customer.example", "support@staff.example"]
    )
    async def test_answer_as_the_route_does(self, portal: Portal, path: str, email: str) -> None:
        async with portal.signed_in(email) as client:
            await client.get(path)

            compare(await client.get(path), await client.get(f"{path}/"))

    async def test_refuse_strangers_as_the_route_does(self, portal: Portal, path: str) -> None:
        async with portal.connect() as client:
            direct = await client.get(path)
            compare(direct, await client.get(f"{path}/"))

        assert (direct.status_code, direct.headers["www-authenticate"]) == (401, "Bearer")

    async def test_fail_as_the_route_does(self, portal: Portal, path: str) -> None:
        async with portal.signed_in() as client:
            await portal.adapters.redis.close()
            direct = await client.get(path)
            compare(direct, await client.get(f"{path}/"))

        assert (direct.status_code, direct.headers["retry-after"]) == (503, "2")

    async def test_leave_every_other_call_to_the_route(self, portal: Portal, path: str) -> None:
        async with portal.signed_in() as client:
            assert (await client.post(path)).status_code == 405
            assert (await client.get(f"{path}?a=1&a=2")).status_code == 400
