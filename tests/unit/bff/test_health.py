import asyncio

import pytest

from bff import health
from bff.errors import ServiceUnavailable
from bff.health import Dependency, Health, State, judge, run_probe
from cache.errors import CacheUnavailable

UP, DEGRADED, DOWN = (Dependency(state=state) for state in (State.UP, State.DEGRADED, State.DOWN))


class TestJudge:
    @pytest.mark.parametrize(
        ("postgres", "redis", "state"),
        [
            (UP, UP, State.UP),
            (UP, DEGRADED, State.DEGRADED),
            (UP, DOWN, State.DEGRADED),
            (DOWN, UP, State.DOWN),
            (DOWN, DOWN, State.DOWN),
        ],
    )
    def test_serves_on_without_what_is_not_essential(
        self, postgres: Dependency, redis: Dependency, state: State
    ) -> None:
        assert judge({"postgres": postgres, "redis": redis}, frozenset({"postgres"})) is state


@pytest.mark.asyncio
class TestProbe:
    @pytest.mark.parametrize("raised", [ServiceUnavailable("canary"), CacheUnavailable("canary")])
    async def test_takes_a_refusal_for_down_without_repeating_it(self, raised: Exception) -> None:
        async def probe() -> Dependency:
            raise raised

        found = await run_probe(probe)

        assert found.state is State.DOWN
        assert "canary" not in str(found.detail)

    async def test_does_not_wait_for_ever(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(health, "PROBE_TIMEOUT_S", 0.01)

        async def probe() -> Dependency:
            await asyncio.Event().wait()
            return UP

        assert (await run_probe(probe)).detail == "does not answer in time"

    async def test_gathers_all(self) -> None:
        async def up() -> Dependency:
            return UP

        async def down() -> Dependency:
            return DOWN

        found = await Health({"postgres": up, "redis": down}, frozenset({"postgres"})).read()

        assert found.state is State.DEGRADED
        assert found.dependencies == {"postgres": UP, "redis": DOWN}
