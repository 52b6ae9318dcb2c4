"""HTTP out of the dashboard."""

from litestar import get
from litestar.di import NamedDependency

from bff.dashboard.schemas import TileList, make_tile_list
from bff.dashboard.service import Dashboard
from bff.identity import Caller, requires_customer
from bff.texts import find_texts


@get("/api/dashboard/tasks", guards=[requires_customer], tags=["dashboard"])
async def list_tasks(caller: NamedDependency[Caller], dashboard: NamedDependency[Dashboard]) -> TileList:
    """What the customer could do next, each with the page where it can be done."""
    return make_tile_list(await dashboard.list_tiles(caller), find_texts(caller.locale))
