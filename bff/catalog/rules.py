"""Pure decisions about offers: the tables of `docs/features/catalog.md`."""

from collections import Counter
from collections.abc import Iterable, Sequence
from decimal import Decimal

import msgspec
from babel.numbers import get_currency_precision, get_territory_currencies

from sf_sync.objects.account import EligibilityFacts, EligibilityStatus
from sf_sync.objects.offer import Offer, ProductType

_TYPE_ORDER = tuple(ProductType)


class ShownOffer(msgspec.Struct, frozen=True):
    """`fits` None: whether the customer's address can have it is not known yet."""

    offer: Offer
    fits: bool | None


def is_fit(fits: Sequence[str], result: str | None) -> bool:
    """Can an address with this eligibility result have an offer for these results? No results: for any address."""
    return not fits or result in fits


def judge_fit(offer: Offer, facts: EligibilityFacts | None, *, is_overridden: bool = False) -> bool | None:
    """Can the customer's address have this offer? None: not known yet, or for staff to know. `facts` None: Salesforce
    cannot be read.
    """
    if offer.product_type is ProductType.SIM:
        return True
    status = facts.status if facts else EligibilityStatus.UNKNOWN
    if facts and status is EligibilityStatus.ELIGIBLE and is_fit(offer.fits, facts.result):
        return True
    if is_overridden or status not in (EligibilityStatus.ELIGIBLE, EligibilityStatus.INELIGIBLE):
        return None
    return False


def select_offers(
    offers: Iterable[Offer],
    facts: EligibilityFacts | None,
    *,
    product_type: ProductType | None = None,
    is_overridden: bool = False,
) -> list[ShownOffer]:
    """Those that the customer may see, of one type or of all: never a plan that the address cannot have."""
    wanted = sorted((offer for offer in offers if product_type in (None, offer.product_type)), key=_rank)
    shown = (ShownOffer(offer, judge_fit(offer, facts, is_overridden=is_overridden)) for offer in wanted)
    return [one for one in shown if one.fits is not False]


def _rank(offer: Offer) -> tuple[int, Decimal, str]:
    return _TYPE_ORDER.index(offer.product_type), offer.price, offer.sku


def pick_currency(offers: Sequence[Offer], region: str) -> dict[str, Offer]:
    """The offers by SKU, all in one currency, so that they go into one order: the region's own (two letters) when
    anything is priced in it, else the one with the most offers.
    """
    counts = Counter(offer.currency for offer in offers)
    home = next((currency for currency in get_territory_currencies(region) if counts[currency]), None)
    currency = home or min(counts, key=lambda each: (-counts[each], each), default="")
    return {offer.sku: offer for offer in offers if offer.currency == currency}


def format_price(price: Decimal, currency: str) -> str:
    """A decimal text with the currency's digits (JPY 0, OMR 3), or with more where the price has more."""
    exponent = price.as_tuple().exponent
    digits = max(get_currency_precision(currency), -exponent if isinstance(exponent, int) else 0)
    return f"{price:.{digits}f}"
