"""Product2 and PricebookEntry: what the shop sells, for how much, and to which addresses."""

from collections.abc import Sequence
from datetime import datetime
from decimal import Decimal
from enum import StrEnum
from typing import Any, Literal

import structlog
from msgspec import Struct
from simple_salesforce.format import format_soql

from sf_sync.errors import AnswerMalformed
from sf_sync.objects.values import Row, find_text, format_instant, get_record_id, get_value
from sf_sync.settings import OfferSettings

PRODUCT, PRICEBOOK_ENTRY = "Product2", "PricebookEntry"
OfferEntity = Literal["Product2", "PricebookEntry"]
PRODUCT_PREFIX, PRICEBOOK_PREFIX, ENTRY_PREFIX = "01t", "01s", "01u"

_log = structlog.get_logger(__name__)


class ProductType(StrEnum):
    """What decides which of the account's facts an offer needs."""

    INTERNET = "internet"
    SIM = "sim"


class Offer(Struct, frozen=True, kw_only=True):
    """One active entry of the standard price book. `fits` are the eligibility results that an internet offer is
    for; empty: any.
    """

    sku: str
    product_type: ProductType
    name: str
    description: str | None
    price: Decimal
    currency: str
    fits: tuple[str, ...]
    entry_id: str


class OfferUnusable(Exception):
    """The product lacks what an offer needs; the shop leaves it out."""


def format_offers_query(settings: OfferSettings) -> str:
    """One row for each active offer, with its product's fields."""
    product_fields = ("Name", "Description", settings.sku_field, settings.type_field, settings.result_field)
    selected = ["Id", "UnitPrice", *(f"Product2.{name}" for name in dict.fromkeys(product_fields))]
    if settings.has_currencies:
        selected.append(settings.currency_field)
    return format_soql(
        "SELECT {:literal} FROM PricebookEntry WHERE IsActive = true AND Pricebook2.IsStandard = true"
        " AND Product2.IsActive = true AND Product2.{:literal} IN {} ORDER BY Id",
        ", ".join(selected),
        settings.type_field,
        [settings.internet_value, settings.sim_value],
    )


def parse_offers(rows: Sequence[Row], settings: OfferSettings) -> tuple[Offer, ...]:
    """The usable ones, one for each SKU and currency. Raises AnswerMalformed for rows of another shape."""
    offers: dict[tuple[str, str], Offer] = {}
    for row in rows:
        entry_id = get_record_id(row, "Id", prefix=ENTRY_PREFIX)
        try:
            offer = _parse_offer(row, entry_id, settings)
            if offers.setdefault((offer.sku, offer.currency), offer) is not offer:
                raise OfferUnusable("another product has the same SKU")
        except OfferUnusable as unusable:
            _log.error("offer_unusable", entry=entry_id, reason=str(unusable))
    return tuple(offers.values())


def _parse_offer(row: Row, entry_id: str, settings: OfferSettings) -> Offer:
    product = get_value(row, "Product2")
    if not isinstance(product, dict):
        raise AnswerMalformed("a price has no product")
    return Offer(
        sku=_get_text(product, settings.sku_field),
        product_type=_parse_type(get_value(product, settings.type_field), settings),
        name=_get_text(product, "Name"),
        description=find_text(product, "Description"),
        price=_parse_price(get_value(row, "UnitPrice")),
        currency=_get_text(row, settings.currency_field) if settings.has_currencies else settings.currency,
        fits=_parse_results(find_text(product, settings.result_field)),
        entry_id=entry_id,
    )


def _get_text(row: Row, field: str) -> str:
    text = find_text(row, field)
    if not text:
        raise OfferUnusable(f"{field} is empty")
    return text


def _parse_type(value: Any, settings: OfferSettings) -> ProductType:
    """Exact spelling only, as for every value that a gate depends on."""
    if value == settings.internet_value:
        return ProductType.INTERNET
    if value == settings.sim_value:
        return ProductType.SIM
    raise OfferUnusable("its product type is not known")


def _parse_price(value: Any) -> Decimal:
    """JSON has no decimals; the shortest text of the float is what Salesforce meant."""
    if not isinstance(value, int | float) or isinstance(value, bool) or value < 0:
        raise OfferUnusable("it has no price")
    return Decimal(str(value)).normalize() + 0


def _parse_results(text: str | None) -> tuple[str, ...]:
    """A multi-select picklist separates its values by semicolons."""
    return tuple(part.strip() for part in (text or "").split(";") if part.strip())


def format_changes_query(entity: OfferEntity, since: datetime, after_id: str | None, limit: int) -> str:
    """Products or prices changed after (`since`, `after_id`), oldest first."""
    instant = format_instant(since)
    later = format_soql("SystemModstamp > {:literal}", instant)
    if after_id is not None:
        same = format_soql("SystemModstamp = {:literal} AND Id > {}", instant, after_id)
        later = f"({later} OR ({same}))"
    return format_soql(
        "SELECT Id, SystemModstamp FROM {:literal} WHERE {:literal} ORDER BY SystemModstamp, Id LIMIT {}",
        entity,
        later,
        limit,
    )
