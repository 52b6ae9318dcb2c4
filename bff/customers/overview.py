"""HTTP in and out of an org's customers as a whole: which ones are meant, how many there are, all of them as a file."""

from datetime import datetime
from typing import Annotated

from litestar import get
from litestar.di import NamedDependency, Provide
from litestar.params import FromQuery, QueryParameter
from litestar.response import Stream

from bff.customers.access import may_administer, may_read_all
from bff.customers.export import MEDIA_TYPES, ExportFormat, Exports
from bff.customers.repository import Wanted
from bff.customers.rules import CustomerKind, CustomerStatus
from bff.customers.schemas import StatsAnswer, make_stats
from bff.customers.service import Customers
from bff.errors import InvalidRequest
from bff.identity import Caller

PATH = "/api/v1/customers"


def provide_wanted(
    kind: Annotated[CustomerKind | None, QueryParameter(name="type")] = None,
    status: FromQuery[CustomerStatus | None] = None,
    created_from: Annotated[datetime | None, QueryParameter(name="createdFrom")] = None,
    created_to: Annotated[datetime | None, QueryParameter(name="createdTo")] = None,
    phone_verified: Annotated[bool | None, QueryParameter(name="phoneVerified")] = None,
) -> Wanted:
    """
    Raises:
        InvalidRequest: an instant without a time zone.
    """
    for at in (created_from, created_to):
        if at is not None and at.tzinfo is None:
            raise InvalidRequest("An instant needs a time zone, such as 2025-12-19T06:15:36Z.")
    return Wanted(
        kind=kind,
        status=status,
        created_from=created_from,
        created_to=created_to,
        phone_verified=phone_verified,
    )


@get(
    f"{PATH}/export",
    guards=[may_administer],
    dependencies={"wanted": Provide(provide_wanted, sync_to_thread=False)},
    media_type="text/csv",
    tags=["customers"],
)
async def export_customers(
    caller: NamedDependency[Caller],
    exports: NamedDependency[Exports],
    wanted: NamedDependency[Wanted],
    form: Annotated[ExportFormat, QueryParameter(name="format")] = ExportFormat.CSV,
) -> Stream:
    """All customers of the org, newest first, as CSV or as lines of JSON. Each export is written down."""
    content = await exports.start(caller, wanted, form)
    name = f'attachment; filename="customers.{form}"'
    return Stream(content, media_type=MEDIA_TYPES[form], headers={"Content-Disposition": name})


@get(f"{PATH}/stats", guards=[may_read_all], tags=["customers"])
async def show_stats(caller: NamedDependency[Caller], customers: NamedDependency[Customers]) -> StatsAnswer:
    """How many customers the org has, by type, status and context."""
    return make_stats(await customers.count(caller))
