"""Which routes are open, asked of the route table itself, so that a new one cannot be forgotten."""

from collections.abc import Iterator

import pytest
from litestar import Litestar
from litestar.handlers import ASGIRouteHandler, HTTPRouteHandler
from litestar.routes import ASGIRoute, HTTPRoute

from tests.fixtures.portal import Portal

OPEN = {
    "/",
    "/design",
    "/health/live",
    "/language",
    "/health/ready",
    "/api/auth/dev-login",
    "/schema",
    "/schema/{path}",
    "/schema/openapi.json",
    "/sign-in",
    "/static/{name}",
}


def list_routes(app: Litestar) -> Iterator[tuple[str, str, HTTPRouteHandler | ASGIRouteHandler]]:
    for route in app.routes:
        if isinstance(route, HTTPRoute):
            for handler in route.route_handlers:
                for method in sorted(handler.http_methods - {"OPTIONS"}):
                    yield method, route.path_format, handler
        elif isinstance(route, ASGIRoute):
            yield "GET", route.path_format, route.route_handler


ANY_ID = "00000000-0000-0000-0000-000000000000"


def fill_path(path: str) -> str:
    """Any well-formed value will do: whoever is not signed in must not learn which are right."""
    return "/".join(ANY_ID if part.startswith("{") else part for part in path.split("/"))


@pytest.mark.asyncio
class TestClosedRoutes:
    async def test_every_route_that_is_not_marked_open_sends_strangers_away(self, portal: Portal) -> None:
        asked = []
        async with portal.connect() as client:
            for method, path, handler in list_routes(portal.app):
                if handler.opt.get("open"):
                    continue
                answer = await client.request(method, fill_path(path))
                asked.append((method, path, answer.status_code))

        let_in = [route for route in asked if route[2] not in (401, 302, 303)]
        assert let_in == []
        assert len(asked) >= 4

    async def test_only_the_known_few_are_open(self, portal: Portal) -> None:
        marked = {path for _, path, handler in list_routes(portal.app) if handler.opt.get("open")}

        assert marked <= OPEN
