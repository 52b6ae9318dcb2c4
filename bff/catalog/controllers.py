"""HTTP out of the catalogue."""

from typing import Annotated

from litestar import get
from litestar.di import NamedDependency
from litestar.params import QueryParameter

from bff.catalog.schemas import OfferList, make_offer_list
from bff.catalog.service import Catalogue
from bff.identity import Caller, requires_customer
from sf_sync.objects.offer import ProductType


@get("/api/catalog", guards=[requires_customer], tags=["catalog"])
async def list_offers(
    caller: NamedDependency[Caller],
    catalogue: NamedDependency[Catalogue],
    product_type: Annotated[ProductType | None, QueryParameter(name="type")] = None,
) -> OfferList:
    """What the customer can buy, of one type or of both: never an internet plan that the address cannot have."""
    return make_offer_list(await catalogue.show(caller, product_type))
