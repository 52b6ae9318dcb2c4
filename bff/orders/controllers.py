"""HTTP in and out of orders."""

from typing import Annotated, Any
from uuid import UUID

from litestar import Response, get, post
from litestar.di import NamedDependency
from litestar.openapi import ResponseSpec
from litestar.params import FromPath, JSONBody

from bff.errors import IdempotencyKeyReused, NotFound
from bff.idempotency import IdempotencyKey, make_digest, parse_idempotency_key
from bff.identity import Caller, requires_customer
from bff.keyset import CURSOR, LIMIT, format_cursor, parse_cursor
from bff.orders.answers import make_order_answer
from bff.orders.refusals import BlockedProblem, OrderNotChecked, OrderUnconfirmed, TooManyOfOne
from bff.orders.schemas import (
    OrderAnswer,
    OrderInput,
    OrderList,
    read_delivery,
    read_items,
    read_prices,
)
from bff.orders.service import OrderBook
from bff.orders.submission import Asked
from bff.phones import PhoneNotValid
from bff.problems import PROBLEM_JSON, WITH_BODY, problems
from bff.texts import find_texts

PATH = "/api/orders"
REFUSALS = {
    **WITH_BODY,
    **problems(IdempotencyKeyReused, PhoneNotValid, TooManyOfOne, OrderNotChecked, OrderUnconfirmed),
    409: ResponseSpec(
        BlockedProblem,
        description="Conflict: order_blocked",
        media_type=PROBLEM_JSON,
        generate_examples=False,
    ),
    201: ResponseSpec(OrderAnswer, description="Placed", generate_examples=False),
}


@post(PATH, guards=[requires_customer], responses=REFUSALS, tags=["orders"])
async def submit_order(
    data: JSONBody[OrderInput],
    caller: NamedDependency[Caller],
    order_book: NamedDependency[OrderBook],
    idempotency_key: IdempotencyKey = None,
) -> Response[Any]:
    """Place an order through the live gate. 409: blocked, with the problems of the evaluation; 503: nobody could tell.
    With an Idempotency-Key a repetition never places a second order.
    """
    key = parse_idempotency_key(idempotency_key)
    asked = Asked(
        items=read_items(data),
        shown=read_prices(data),
        delivery=read_delivery(data.delivery, caller.region),
        digest=make_digest(PATH, data),
        texts=find_texts(caller.locale),
    )
    answer = await order_book.submit(caller, asked, key=key)
    return Response(answer, status_code=201, media_type="application/json")


@get(PATH, guards=[requires_customer], tags=["orders"])
async def list_orders(
    caller: NamedDependency[Caller],
    order_book: NamedDependency[OrderBook],
    cursor: Annotated[str | None, CURSOR] = None,
    limit: Annotated[int, LIMIT] = 20,
) -> OrderList:
    """The customer's orders, newest first."""
    page = await order_book.list_page(caller, after=parse_cursor(cursor), limit=limit)
    texts = find_texts(caller.locale)
    return OrderList(
        items=[make_order_answer(order, page.position, texts) for order in page.orders],
        next_cursor=format_cursor(page.next_place) if page.next_place else None,
    )


@get(f"{PATH}/{{order_id:uuid}}", guards=[requires_customer], responses=problems(NotFound), tags=["orders"])
async def show_order(
    order_id: FromPath[UUID], caller: NamedDependency[Caller], order_book: NamedDependency[OrderBook]
) -> OrderAnswer:
    """One order: lines, totals, delivery, and what it waits for."""
    order, position = await order_book.get(caller, order_id)
    return make_order_answer(order, position, find_texts(caller.locale))
