"""`/design`: every component on one page, for those who build pages. Development only."""

from litestar import Response, get

from bff.portal.checkout_view import LineView
from bff.portal.dashboard_view import TileView
from bff.portal.forms import Choice, Field
from bff.portal.offers_view import OffersView, OfferView
from bff.portal.orders_view import Badge, OrderRowView
from bff.portal.rendering import make_frame, make_page, render
from bff.portal.views import Fact, Link
from bff.texts import DEFAULT_LANGUAGE, get_texts

FIELDS = (
    Field(name="plain", label="Required", is_required=True, width="half"),
    Field(name="optional", label="Not required", width="half"),
    Field(name="hinted", label="With a hint", hint="What helps to fill it", is_required=True),
    Field(name="wrong", label="With a mistake", value="x", error="What is wrong and how to mend it"),
    Field(name="choice", label="Choice", width="half", choices=(Choice("a", "First"), Choice("b", "Second"))),
    Field(name="lines", label="Several lines", lines=3),
)
OFFERS = OffersView(
    title="Offers",
    lead="Each with its price and one button; above them why they cannot be ordered yet.",
    path="#offers",
    shop="internet",
    reason="The reason.",
    promise="What can be done all the same.",
    offers=(
        OfferView(sku="A", name="Internet, home", description="What it is, in a sentence.", price="¥5,200"),
        OfferView(sku="B", name="SIM, 5 GB", description="", price="¥1,480", in_cart="In your cart: 1"),
    ),
)
LINES = (
    LineView(sku="A", name="Internet, home", quantity=1, choices=(1, 2), total="¥5,200"),
    LineView(sku="B", name="SIM, 5 GB", quantity=2, choices=(1, 2), price="¥1,480", total="¥2,960"),
    LineView(sku="C", name="SIM, 20 GB", quantity=1, choices=(1, 2), problem="Why it cannot be ordered."),
)
TILES = tuple(
    TileView(
        tone=tone,
        icon=icon,
        title=f"Tile, tone {tone}",
        text="Why it is here, in a sentence.",
        link=Link("#", "What to do"),
        is_primary=tone == "bad",
    )
    for tone, icon in (("bad", "pause"), ("warn", "card"), ("info", "clock"), ("good", "check"))
)
ORDERS = tuple(
    OrderRowView(
        path="#",
        names=("Internet, home", "SIM, 5 GB × 2"),
        placed=Fact(label="Placed on", text="19 December 2025, 15:15", instant="2025-12-19T06:15:36Z"),
        total="¥8,160",
        badge=badge,
        more=more,
    )
    for badge, more in (
        (Badge("good", "tick", "Placed"), ""),
        (Badge("bad", "pause", "On hold"), "More items: 3"),
    )
)


@get("/design", opt={"open": True}, include_in_schema=False, sync_to_thread=False)
def show_design() -> Response[str]:
    texts = get_texts(DEFAULT_LANGUAGE)
    html = render(
        "design.html",
        texts,
        frame=make_frame(texts, path="/design"),
        fields=FIELDS,
        offers=OFFERS,
        lines=LINES,
        tiles=TILES,
        orders=ORDERS,
    )
    return make_page(html)
