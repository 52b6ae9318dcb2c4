"""The assembly: the only place that knows every route."""

from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import Any

from litestar import Litestar
from litestar.di import Provide
from litestar.types import ControllerRouterHandler

from bff import front_desk, storefront
from bff.access import AccessLog
from bff.adapters import Adapters, make_adapters, opened
from bff.contract import ClosedStructs, complete_contract, make_openapi_config
from bff.deliveries import Deliveries
from bff.direct import DirectRead, DirectReads
from bff.edge import Edge, EdgedApp, make_security_headers
from bff.eligibility.controllers import (
    ELIGIBILITY_PATH,
    request_review,
    show_eligibility,
)
from bff.eligibility.direct import DirectEligibility
from bff.eligibility.service import Eligibility
from bff.health import make_health, show_live, show_ready
from bff.identity import provide_caller
from bff.identity.authentication import Authentication
from bff.identity.bearer import BearerTokens
from bff.identity.controllers import dev_login, logout, show_session
from bff.identity.csrf import Csrf
from bff.identity.dev_sign_in import DevSignIn
from bff.identity.issuers import read_issuers
from bff.identity.principals import Principals
from bff.identity.sessions import Sessions
from bff.migration.side import MigrationSide, following_phases, make_migrating
from bff.portal.cart import provide_cart
from bff.portal.errors import as_pages
from bff.portal.routes import list_pages, make_page_parts
from bff.problems import EXCEPTION_HANDLERS
from bff.requests import StrictRequest
from bff.settings import Settings
from bff.stopping import Stopping
from bff.stream.controllers import follow_status
from bff.stream.facts import FactsReader
from bff.stream.service import Streams
from bff.verification.controllers import check_document, list_attempts, show_verification, submit_document
from bff.verification.examination import Examination
from bff.verification.inspection.inspectors import Inspectors
from bff.verification.intake.receive import Limits
from bff.verification.older_table import OlderTable
from bff.verification.quota import Quota
from bff.verification.service import Verification

__all__ = ["Adapters", "create_app", "make_adapters"]

LARGEST_BODY = 64 * 1024
"""For JSON; a route that takes documents sets its own `request_max_body_size`."""


def create_app(settings: Settings, adapters: Adapters | None = None) -> Litestar:
    """The whole HTTP product. By name for handlers: every member of `Adapters`, and `caller`, `settings`, `adapters`,
    `deliveries`, `sessions`, `principals`, `csrf`, `health`, `stopping`.

    Adapters are opened and closed by the app's lifespan; without any they are made from the settings.

    Raises:
        SettingsError: the issuers' file is not as it should be.
    """
    side = make_migrating(adapters or make_adapters(settings), settings.legacy)
    adapters = side.adapters
    stopping = Stopping()
    parts = make_parts(settings, side) | {"stopping": stopping}
    parts |= make_page_parts(parts) | {"streams": make_streams(parts)}
    authentication = make_authentication(settings, parts)
    access = AccessLog(is_enabled=settings.log_level in ("debug", "info"))
    app = EdgedApp(
        route_handlers=make_route_handlers(settings),
        middleware=[authentication],
        dependencies={
            "caller": Provide(provide_caller, sync_to_thread=False),
            "cart": Provide(provide_cart, sync_to_thread=False),
            **{name: provide(part) for name, part in parts.items()},
        },
        lifespan=[
            make_lifespan(side, parts["deliveries"], parts["inspectors"], stopping),
            storefront.make_lifespan(parts["order_book"]),
        ],
        on_shutdown=[access.flush],
        exception_handlers=as_pages(EXCEPTION_HANDLERS),
        request_class=StrictRequest,
        request_max_body_size=LARGEST_BODY,
        openapi_config=make_openapi_config(),
        plugins=[ClosedStructs()],
        logging_config=None,
    )
    complete_contract(app)
    app.edge = Edge(
        app.pass_on,
        headers=make_security_headers(is_development=settings.is_development),
        access=access,
        direct=DirectReads(make_direct_reads(parts), authentication, parts["sessions"]),
    )
    return app


def make_route_handlers(settings: Settings) -> list[ControllerRouterHandler]:
    handlers: list[ControllerRouterHandler] = [
        show_live,
        show_ready,
        logout,
        show_session,
        show_eligibility,
        request_review,
        *storefront.ROUTES,
        *front_desk.ROUTES,
        follow_status,
        show_verification,
        submit_document,
        check_document,
        list_attempts,
        *list_pages(is_development=settings.is_development),
    ]
    if settings.is_development:
        handlers.append(dev_login)
    return handlers


def make_direct_reads(parts: dict[str, Any]) -> dict[str, DirectRead]:
    return {ELIGIBILITY_PATH: DirectEligibility(parts["eligibility"].reader)}


def make_streams(parts: dict[str, Any]) -> Streams:
    return Streams(
        FactsReader(parts["eligibility"].reader, parts["verification"].reader),
        parts["broadcast"],
        parts["sessions"],
        stopping=parts["stopping"].event,
    )


def make_parts(settings: Settings, side: MigrationSide) -> dict[str, Any]:
    """Built once per process from what it is connected to."""
    adapters = side.adapters
    principals = Principals(adapters.database)
    deliveries = Deliveries(adapters)
    eligibility = Eligibility(
        adapters, deliveries, requests_per_minute=settings.eligibility_requests_per_minute
    )
    inspectors = Inspectors()
    sessions = Sessions(adapters.redis, principals, settings.identity)
    return {
        **{name: getattr(adapters, name) for name in adapters.__struct_fields__},
        "settings": settings,
        "adapters": adapters,
        "deliveries": deliveries,
        "migration_board": side.board,
        "eligibility": eligibility,
        "inspectors": inspectors,
        "verification": make_verification(settings, adapters, deliveries, inspectors, older_table=side.dual),
        **storefront.make_shop(settings, adapters, deliveries),
        **front_desk.make_front_desk(settings, adapters, deliveries),
        "principals": principals,
        "sessions": sessions,
        "dev_sign_in": DevSignIn(settings, adapters.database, principals, sessions),
        "csrf": Csrf(
            settings.identity.secret_key, settings.public_url, is_development=settings.is_development
        ),
        "health": make_health(adapters),
    }


def make_verification(
    settings: Settings,
    adapters: Adapters,
    deliveries: Deliveries,
    inspectors: Inspectors,
    *,
    older_table: OlderTable | None = None,
) -> Verification:
    documents = settings.documents
    quota = Quota(per_hour=documents.uploads_per_hour, per_day=documents.uploads_per_day)
    examination = Examination(inspectors, adapters.scanner, limits=Limits())
    return Verification(adapters, deliveries, examination, quota=quota, older_table=older_table)


def make_authentication(settings: Settings, parts: dict[str, Any]) -> Authentication:
    issuers = read_issuers(settings.identity.bearer_issuers_file)
    return Authentication(parts["sessions"], BearerTokens(issuers, parts["principals"]), parts["csrf"])


def provide(part: Any) -> Provide:
    def get_part() -> Any:
        return part

    return Part(get_part, sync_to_thread=False)


class Part(Provide):
    """Equal to itself alone: the framework compares every part with every other one, for each route anew."""

    __slots__ = ()
    __eq__ = object.__eq__
    __hash__ = object.__hash__


def make_lifespan(
    side: MigrationSide, deliveries: Deliveries, inspectors: Inspectors, stopping: Stopping
) -> Callable[[Litestar], Any]:
    @asynccontextmanager
    async def lifespan(_: Litestar) -> AsyncIterator[None]:
        async with opened(side.adapters), following_phases(side):
            with stopping.listening():
                yield
            await deliveries.drain()
            await inspectors.close()

    return lifespan
