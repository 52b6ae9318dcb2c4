"""A direct read is the ordinary route, only quicker. A slash at the end leads past it, into the framework."""

import httpx
import pytest

from bff.identity.sessions import hash_token
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


class TestGuesses:
    """What is asked for early is a guess from the last request; only the session's own answer decides."""

    PATH = PATHS[0]

    async def test_tell_nothing_once_the_session_has_ended(self, portal: Portal) -> None:
        async with portal.signed_in() as client:
            assert (await client.get(self.PATH)).status_code == 200
            await client.post("/api/auth/logout")

            assert (await client.get(self.PATH)).status_code == 401

    async def test_give_way_to_the_account_that_the_session_names_now(self, portal: Portal) -> None:
        redis = portal.adapters.redis
        async with (
            portal.signed_in("sara@customer.example") as sara,
            portal.signed_in("omar@customer.example") as omar,
        ):
            assert (await sara.get(self.PATH)).json()["status"] == "eligible"
            assert (await omar.get(self.PATH)).json()["status"] == "ineligible"
            keys = [
                f"session:{hash_token(client.headers['Cookie'].split('=')[1].encode())}"
                for client in (sara, omar)
            ]
            await redis.call("SET", keys[0], await redis.call("GET", keys[1]))

            assert (await sara.get(self.PATH)).json()["status"] == "ineligible"

    async def test_do_not_keep_an_answer_that_has_become_another(self, portal: Portal) -> None:
        async with portal.signed_in() as hana:
            first = [(await hana.get(self.PATH)).json()["status"] for _ in range(3)]
            await hana.post("/api/eligibility/internet/request", json={})

            assert first == ["not_requested"] * 3
            assert (await hana.get(self.PATH)).json()["status"] == "pending"
