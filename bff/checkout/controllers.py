"""HTTP in and out of the gate."""

from litestar import post
from litestar.di import NamedDependency
from litestar.params import JSONBody

from bff.checkout.schemas import Cart, Evaluation, make_evaluation
from bff.checkout.service import Checkout
from bff.identity import Caller, requires_customer
from bff.problems import WITH_BODY
from bff.texts import find_texts


@post(
    "/api/checkout/evaluate",
    status_code=200,
    guards=[requires_customer],
    responses=WITH_BODY,
    tags=["checkout"],
)
async def evaluate_cart(
    data: JSONBody[Cart], caller: NamedDependency[Caller], checkout: NamedDependency[Checkout]
) -> Evaluation:
    """May this cart be submitted? All problems in a fixed order, and the one thing to do next."""
    evaluated = await checkout.evaluate(caller, [(item.sku, item.quantity) for item in data.items])
    return make_evaluation(evaluated.verdict, find_texts(caller.locale))
