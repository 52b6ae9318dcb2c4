"""The order's form: what it shows, and what comes back from it, with each mistake beside its field."""

import re
from collections.abc import Mapping
from decimal import Decimal

import msgspec

from bff.addresses.schemas import Line100, Text500
from bff.checkout.schemas import MOST_ITEMS
from bff.errors import InvalidRequest
from bff.orders.rules import ShownPrices
from bff.orders.schemas import OrderInput
from bff.phones import PhoneNotValid, parse_phone
from bff.portal.cart import Items, is_id, parse_items
from bff.portal.forms import Field, FieldError, find_mistake
from bff.texts import N_, Texts
from sf_sync.objects.offer import Offer

NAME, PHONE, NOTES = "contactName", "phoneNumber", "notes"
_KEY = "key"
_ITEMS = "items"
_PRICES = "prices"
_PRICE = r"\|[A-Za-z0-9._-]{1,80}:[0-9]{1,12}(?:\.[0-9]{1,6})?"
_SHOWN = re.compile(rf"([A-Z]{{3}})((?:{_PRICE}){{1,{MOST_ITEMS}}})")


class FilledOrder(msgspec.Struct, frozen=True, kw_only=True):
    """A form that came back. `key`, `items` and `prices` are those of the page that was shown; `order` is set when
    there are no errors.
    """

    key: str
    items: Items
    prices: ShownPrices
    values: Mapping[str, str]
    errors: Mapping[str, str]
    order: OrderInput | None = None


_NO_PRICES = ShownPrices(is_all=True)
NOTHING_FILLED = FilledOrder(key="", items=(), prices=_NO_PRICES, values={}, errors={})


def parse_order_form(
    values: Mapping[str, str], *, region: str, has_address: bool, texts: Texts
) -> FilledOrder:
    """`has_address`: the page said that the order goes to the address on file, so it does.

    Raises:
        InvalidRequest: what no form of ours sends.
    """
    key, items = values.get(_KEY, ""), parse_items(values.get(_ITEMS, ""))
    prices = parse_prices(values.get(_PRICES, ""))
    if not items or not is_id(key):
        raise InvalidRequest
    found = {name: value for name in (NAME, PHONE, NOTES) if (value := values.get(name, ""))}
    errors = {name: error for name, value in found.items() if (error := _check(name, value, region, texts))}
    if errors:
        return FilledOrder(key=key, items=items, prices=prices, values=found, errors=errors)
    wire: dict[str, object] = {"items": [{"sku": sku, "quantity": quantity} for sku, quantity in items]}
    if found or has_address:
        wire["delivery"] = _make_delivery(found)
    order = msgspec.convert(wire, OrderInput)
    return FilledOrder(key=key, items=items, prices=prices, values=found, errors={}, order=order)


def format_prices(offers: Mapping[str, Offer], items: Items) -> str:
    """`JPY|NET-HOME-1G:5720|SIM-3G:990`: what the page shows of one each. Empty where it shows no price."""
    shown = [offers[sku] for sku, _ in items if sku in offers]
    return (
        "|".join([shown[0].currency, *(f"{offer.sku}:{offer.price:f}" for offer in shown)]) if shown else ""
    )


def parse_prices(text: str) -> ShownPrices:
    """Of what `format_prices` did not make nothing counts as shown."""
    found = _SHOWN.fullmatch(text)
    if not found:
        return _NO_PRICES
    pairs = [pair.split(":") for pair in found[2].removeprefix("|").split("|")]
    prices = frozenset((sku, Decimal(price)) for sku, price in pairs)
    return ShownPrices(prices=prices, currency=found[1], is_all=True)


def _make_delivery(found: Mapping[str, str]) -> dict[str, object]:
    delivery: dict[str, object] = {name: found[name] for name in (NAME, NOTES) if name in found}
    if PHONE in found:
        delivery["dropoff"] = {PHONE: found[PHONE]}
    return delivery


def _check(name: str, value: str, region: str, texts: Texts) -> str:
    if name != PHONE:
        return find_mistake(value, Line100 if name == NAME else Text500, texts)
    try:
        parse_phone(value, region)
    except PhoneNotValid as refusal:
        return texts.say(refusal.sentence)
    return ""


def make_delivery_fields(filled: FilledOrder, texts: Texts) -> tuple[Field, ...]:
    return (
        Field(
            name=NAME,
            label=texts.say(N_("Who takes the delivery")),
            value=filled.values.get(NAME, ""),
            error=filled.errors.get(NAME, ""),
            width="half",
            autocomplete="name",
        ),
        Field(
            name=PHONE,
            label=texts.say(N_("Phone number for the delivery")),
            value=filled.values.get(PHONE, ""),
            error=filled.errors.get(PHONE, ""),
            width="half",
            autocomplete="tel",
            kind="tel",
        ),
        Field(
            name=NOTES,
            label=texts.say(N_("Notes for the delivery")),
            hint=texts.say(N_("For example when somebody is at home.")),
            value=filled.values.get(NOTES, ""),
            error=filled.errors.get(NOTES, ""),
            lines=2,
        ),
    )


def list_mistakes(filled: FilledOrder, texts: Texts) -> tuple[FieldError, ...]:
    fields = make_delivery_fields(filled, texts)
    return tuple(FieldError(f"{field.label}: {field.error}", field.id) for field in fields if field.error)
