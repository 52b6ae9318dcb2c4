"""All customers of an org as one stream, for an admin; a spreadsheet opens it without running anything in it."""

import csv
import io
from collections.abc import AsyncIterator, Iterable
from enum import StrEnum

import msgspec

from bff.adapters import Adapters
from bff.audit import record
from bff.customers.repository import Wanted, list_customers
from bff.customers.schemas import CustomerAnswer
from bff.customers.showing import show_customers
from bff.identity import Caller
from bff.keyset import Place

PAGE = 500
COLUMNS = CustomerAnswer.__struct_encode_fields__
# OWASP "CSV Injection": what makes a cell a formula, in its full-width forms too.
_FORMULA = frozenset("=+-@\t\r\n＝＋－＠")
_BYTE_ORDER_MARK = "\ufeff"
"""Without it spreadsheets read Arabic and Japanese as Latin letters."""


class ExportFormat(StrEnum):
    CSV = "csv"
    NDJSON = "ndjson"


MEDIA_TYPES = {ExportFormat.CSV: "text/csv; charset=utf-8", ExportFormat.NDJSON: "application/x-ndjson"}


class Exports:
    """One per process."""

    def __init__(self, adapters: Adapters) -> None:
        self._database = adapters.database

    async def start(self, caller: Caller, wanted: Wanted, form: ExportFormat) -> AsyncIterator[bytes]:
        """Written down before the first byte leaves; then page after page, each in a transaction of its own."""
        detail = {
            name: str(value) for name, value in msgspec.structs.asdict(wanted).items() if value is not None
        }
        async with self._database.transaction(caller.org_id) as session:
            await record(
                session,
                org_id=caller.org_id,
                actor=caller.actor,
                action="customers.exported",
                subject=f"org:{caller.org_id}",
                detail={"format": form, **detail},
            )
        return self._stream(caller, wanted, form)

    async def _stream(self, caller: Caller, wanted: Wanted, form: ExportFormat) -> AsyncIterator[bytes]:
        format_page = format_csv if form is ExportFormat.CSV else format_ndjson
        if form is ExportFormat.CSV:
            yield (_BYTE_ORDER_MARK + format_rows([COLUMNS])).encode()
        after: Place | None = None
        while True:
            async with self._database.transaction(caller.org_id) as session:
                page = await list_customers(
                    session, org_id=caller.org_id, wanted=wanted, after=after, limit=PAGE
                )
                shown = await show_customers(session, page)
            if page:
                yield format_page(shown)
                after = Place(page[-1].created_at, page[-1].id)
            if len(page) < PAGE:
                return


def format_ndjson(customers: Iterable[CustomerAnswer]) -> bytes:
    return msgspec.json.Encoder().encode_lines(customers)


def format_csv(customers: Iterable[CustomerAnswer]) -> bytes:
    rows = [msgspec.to_builtins(customer) for customer in customers]
    return format_rows([_format_cell(row[name]) for name in COLUMNS] for row in rows).encode()


def format_rows(rows: Iterable[Iterable[str]]) -> str:
    file = io.StringIO()
    csv.writer(file, quoting=csv.QUOTE_ALL, lineterminator="\r\n").writerows(rows)
    return file.getvalue()


def _format_cell(value: object) -> str:
    if value is None:
        return ""
    cell = value if isinstance(value, str) else msgspec.json.encode(value).decode()
    return neutralise(cell)


def neutralise(cell: str) -> str:
    """An apostrophe before what a spreadsheet would run; E.164 numbers get one too, and stay texts by it."""
    return f"'{cell}" if cell[:1] in _FORMULA else cell
