"""HTTP in and out of searching."""

from typing import Annotated

from litestar import get
from litestar.di import NamedDependency
from litestar.params import QueryParameter

from bff.customers.access import may_read
from bff.customers.search.refusals import SearchTooShort
from bff.customers.search.rules import Asked
from bff.customers.search.schemas import (
    EMAIL,
    NAME,
    NUMBER,
    PHONE,
    PURPOSE,
    SEARCH_CURSOR,
    SearchAnswer,
    make_search_answer,
)
from bff.customers.search.service import SearchDesk
from bff.errors import TooManyRequests
from bff.identity import Caller
from bff.keyset import LIMIT
from bff.phones import PhoneNotValid
from bff.problems import problems

SEARCH_PATH = "/api/v1/customers/search"


@get(
    SEARCH_PATH,
    guards=[may_read],
    responses=problems(PhoneNotValid, SearchTooShort, TooManyRequests),
    tags=["customers"],
)
async def search_customers(
    caller: NamedDependency[Caller],
    search_desk: NamedDependency[SearchDesk],
    phone: Annotated[str | None, PHONE] = None,
    name: Annotated[str | None, NAME] = None,
    email: Annotated[str | None, EMAIL] = None,
    number: Annotated[str | None, NUMBER] = None,
    purpose: Annotated[str | None, PURPOSE] = None,
    reveal: Annotated[bool, QueryParameter(name="reveal")] = False,
    limit: Annotated[int, LIMIT] = 20,
    cursor: Annotated[str | None, SEARCH_CURSOR] = None,
) -> SearchAnswer:
    """Customers by exactly one of `phone` (a whole number in any spelling, or its last 4 to 8 digits), `name` (how its
    words begin), `email` and `number`. Each search is written down with its `purpose`, or with the caller's role where
    none is stated. Numbers and addresses are masked unless the support desk or an admin asks to `reveal` them, for a
    purpose.
    """
    asked = Asked(phone=phone, name=name, email=email, number=number)
    page = await search_desk.search(caller, asked, purpose=purpose, reveal=reveal, cursor=cursor, limit=limit)
    return make_search_answer(page, is_revealed=reveal)
