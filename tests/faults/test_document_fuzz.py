"""Hostile bodies against every address that takes a document: refused or taken, at once, and never an error of ours."""

import sys
import time
from collections import Counter

import httpx
import msgspec
import pytest

from bff.settings import Settings
from tests.faults.hostile_bodies import Body, make_hostile
from tests.integration.bff.scene import Scene, scene

__all__ = ["scene"]

SEED = 9
TARGET_S, HANG_S = 1.0, 15.0
"""How long an answer may take where nothing else runs, and what is a hang on the busiest machine."""
ADDRESSES = ("/api/verification/id", "/api/verification/id/check", "/account/shop/sim/document")


@pytest.fixture
def portal_settings(portal_settings: Settings) -> Settings:
    """Without the quota, which would refuse most bodies before their first byte; and patient, as a long run meets
    moments in which the machine is busy with something else.
    """
    documents = msgspec.structs.replace(
        portal_settings.documents, uploads_per_hour=1_000_000, uploads_per_day=1_000_000
    )
    return msgspec.structs.replace(portal_settings, documents=documents, redis_timeout_s=30.0)


class Attack:
    def __init__(self, scene: Scene, client: httpx.AsyncClient) -> None:
        self._scene = scene
        self._client = client
        self._account_id = scene.find_account("hana")["Id"]
        self._token = client.headers["X-CSRF-Token"]
        self.statuses: Counter[int] = Counter()
        self.slowest_s, self.late = 0.0, 0
        self.broken: list[tuple[int, int, str]] = []

    async def run(self, count: int) -> None:
        for number in range(count):
            if number % 50 == 0:
                await self._forget_count()
            address = ADDRESSES[number % len(ADDRESSES)]
            began = time.perf_counter()
            answer = await self._send(address, make_hostile(number, seed=SEED))
            took_s = time.perf_counter() - began
            self.statuses[answer.status_code] += 1
            self.slowest_s = max(self.slowest_s, took_s)
            self.late += took_s >= TARGET_S
            if answer.status_code >= 500 or took_s >= HANG_S:
                self.broken.append((number, answer.status_code, f"{took_s:.2f} s"))

    async def _send(self, address: str, body: Body) -> httpx.Response:
        return await self._client.post(
            f"{address}?csrf={self._token}" if address.startswith("/account") else address,
            content=body.chunks(),
            headers=[(b"content-type", body.content_type)],
        )

    async def _forget_count(self) -> None:
        """An hour passes."""
        await self._scene.portal.adapters.redis.call("DEL", f"limit:{{id-uploads:{self._account_id}}}")


@pytest.mark.fault
@pytest.mark.alone
@pytest.mark.timeout(3_000)
@pytest.mark.asyncio
class TestHostileBodies:
    @pytest.mark.parametrize("count", [800, pytest.param(100_000, marks=pytest.mark.soak)])
    async def test_meet_a_4xx_within_a_second(
        self, scene: Scene, count: int, capsys: pytest.CaptureFixture[str]
    ) -> None:
        async with scene.portal.signed_in() as client:
            attack = Attack(scene, client)
            # The first inspector is started before the clock runs.
            await client.post(ADDRESSES[1], files={"file": ("card.jpg", b"\xff\xd8\xff\xe0" + bytes(200))})
            await attack.run(count)

        with capsys.disabled():
            statuses = dict(attack.statuses.most_common())
            sys.stdout.write(
                f"\nhostile bodies: {count}, {statuses}, slowest {attack.slowest_s * 1000:.0f} ms,"
                f" {attack.late} over {TARGET_S:.0f} s\n"
            )
        assert attack.broken == []
        # Some must have come through, or nothing behind the parser was tried.
        assert attack.statuses[202] + attack.statuses[303] > 0
        assert attack.statuses[400] > count / 4
