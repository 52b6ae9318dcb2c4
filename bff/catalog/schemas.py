"""The wire shapes of the catalogue."""

import msgspec

from bff.catalog.rules import ShownOffer, format_price
from sf_sync.objects.offer import ProductType


class OfferAnswer(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """`price` is a decimal text in `currency` (ISO 4217), a month. `fits`: can the customer's address have it? null:
    not known before the review.
    """

    sku: str
    product_type: ProductType
    name: str
    description: str | None
    price: str
    currency: str
    fits: bool | None


class OfferList(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """Internet before SIM, each from the lowest price."""

    items: list[OfferAnswer]
    next_cursor: str | None = None


def make_offer_list(shown: list[ShownOffer]) -> OfferList:
    return OfferList(items=[_make_offer(one) for one in shown])


def _make_offer(shown: ShownOffer) -> OfferAnswer:
    offer = shown.offer
    return OfferAnswer(
        sku=offer.sku,
        product_type=offer.product_type,
        name=offer.name,
        description=offer.description,
        price=format_price(offer.price, offer.currency),
        currency=offer.currency,
        fits=shown.fits,
    )
