from pathlib import Path

import msgspec
import phonenumbers
import pytest
from litestar import Litestar

from bff.adapters import Adapters
from bff.app import create_app
from bff.db import Database
from bff.settings import Environment, Settings
from tests.fixtures.portal import HANA, Portal, running

pytestmark = pytest.mark.asyncio


class TestReady:
    async def test_tells_the_state_of_each_dependency(self, portal: Portal) -> None:
        async with portal.connect() as client:
            answer = await client.get("/health/ready")

        told = answer.json()["dependencies"]
        assert answer.status_code == 200
        assert set(told) == {"postgres", "redis", "salesforce", "feed", "deliveries", "phoneNumbers"}
        assert told["postgres"]["state"] == told["redis"]["state"] == told["salesforce"]["state"] == "up"
        # No feed runs in this test, and nobody is kept waiting for that.
        assert (told["feed"]["state"], answer.json()["state"]) == ("degraded", "degraded")
        assert told["phoneNumbers"]["figures"] == {"plans": phonenumbers.__version__}
        assert told["deliveries"]["figures"] == {"waiting": 0, "parked": 0, "oldestS": 0}

    async def test_serves_on_without_redis(self, portal: Portal) -> None:
        await portal.adapters.redis.close()
        async with portal.connect() as client:
            answer = await client.get("/health/ready")

        assert (answer.status_code, answer.json()["dependencies"]["redis"]["state"]) == (200, "down")

    async def test_does_not_serve_without_postgres(
        self, portal_settings: Settings, portal_adapters: Adapters
    ) -> None:
        away = Database(
            msgspec.structs.replace(portal_settings.database, url="postgresql://nobody@127.0.0.1:1/none")
        )
        app = create_app(portal_settings, msgspec.structs.replace(portal_adapters, database=away))
        async with running(app), connect(app, portal_settings, portal_adapters).connect() as client:
            ready, live = await client.get("/health/ready"), await client.get("/health/live")

        assert (ready.status_code, ready.json()["state"]) == (503, "down")
        assert live.status_code == 200

    async def test_tells_no_names_or_addresses(self, portal: Portal) -> None:
        async with portal.connect() as client:
            text = (await client.get("/health/ready")).text

        assert not any(part in text for part in ("127.0.0.1", "localhost", "portal_login", "://"))


class TestProduction:
    async def test_has_no_sign_in_without_a_password(
        self, portal_settings: Settings, portal_adapters: Adapters
    ) -> None:
        settings = msgspec.structs.replace(
            portal_settings, environment=Environment.PRODUCTION, public_url="https://portal.example"
        )
        app = create_app(settings, portal_adapters)
        async with running(app), connect(app, settings, portal_adapters).connect() as client:
            answer = await client.post("/api/auth/dev-login", json={"email": HANA})

        assert (answer.status_code, answer.json()["code"]) == (404, "not_found")
        assert answer.headers["strict-transport-security"].startswith("max-age=")


def connect(app: Litestar, settings: Settings, adapters: Adapters) -> Portal:
    return Portal(app, settings, adapters, Path())
