"""`/account`: what a customer could do next and their newest orders, and the part of it that follows the status."""

from litestar import Response, get
from litestar.di import NamedDependency

from bff.dashboard.service import Dashboard
from bff.db import Database
from bff.identity import Caller, requires_customer
from bff.identity.csrf import Csrf
from bff.portal.cart import Cart
from bff.portal.dashboard_view import OverviewView, make_overview_view
from bff.portal.people import get_texts_for, load_visitor
from bff.portal.rendering import HOME, make_frame, make_live_part, make_page, render
from bff.stream.facts import FactsReader, make_first_version


class OverviewPage:
    """One per process."""

    def __init__(
        self, dashboard: Dashboard, facts_reader: FactsReader, database: Database, csrf: Csrf
    ) -> None:
        self._dashboard = dashboard
        self._facts_reader = facts_reader
        self._database = database
        self._csrf = csrf

    async def load(self, caller: Caller) -> tuple[OverviewView, str]:
        """With the version of both facts, as the stream tells it."""
        # First, so that a change in between shows as news on the stream instead of getting lost.
        version = make_first_version(await self._facts_reader.read(caller))
        overview = await self._dashboard.load(caller)
        return make_overview_view(overview, get_texts_for(caller)), str(version)

    async def show(self, caller: Caller, cart: Cart) -> str:
        texts = get_texts_for(caller)
        overview, version = await self.load(caller)
        visitor = await load_visitor(self._database, caller)
        csrf = self._csrf.find_token(caller.session_key)
        frame = make_frame(texts, person=visitor.person, csrf=csrf, path=HOME, cart_count=cart.count)
        return render("overview.html", texts, frame=frame, overview=overview, version=version)


@get(HOME, guards=[requires_customer], include_in_schema=False)
async def show_overview(
    caller: NamedDependency[Caller],
    cart: NamedDependency[Cart],
    overview_page: NamedDependency[OverviewPage],
) -> Response[str]:
    return make_page(await overview_page.show(caller, cart))


@get(f"{HOME}/status", guards=[requires_customer], include_in_schema=False)
async def show_overview_status(
    caller: NamedDependency[Caller], overview_page: NamedDependency[OverviewPage]
) -> Response[str]:
    """The part of the page that changes with the status; the page's script fetches it when the stream says so."""
    overview, version = await overview_page.load(caller)
    return make_live_part(render("parts/overview.html", get_texts_for(caller), overview=overview), version)
