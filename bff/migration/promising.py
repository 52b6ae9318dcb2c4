"""From rows of the table to promised deliveries: which can move, and under what names."""

from collections.abc import Sequence
from typing import Any
from uuid import UUID

import msgspec
from sqlalchemy.ext.asyncio import AsyncSession

from bff.adapters import Adapters
from bff.deliveries import batches
from bff.deliveries.batches import BatchItem
from bff.legacy import LegacyRow
from bff.migration import repository
from bff.migration.moving import KIND, MovePayload
from bff.migration.repository import Document, make_upload_id
from bff.migration.rules import Trouble

LEASE_S = 300.0


class Promises(msgspec.Struct, frozen=True, kw_only=True):
    """What is written about some rows: those that can be sent, each account's in order, and those that cannot."""

    items: list[BatchItem] = []
    waits: list[dict[str, Any]] = []
    reports: list[dict[str, Any]] = []


async def plan_promises(
    adapters: Adapters, org_id: UUID, rows: Sequence[LegacyRow], names: dict[str, UUID] | None = None
) -> Promises:
    """`names` are upload ids that differ from the rows' own."""
    customers = await adapters.legacy.find_customers(org_id, [row.customer for row in rows])
    promises = Promises()
    for row in rows:
        upload_id = (names or {}).get(row.id) or make_upload_id(org_id, row.id)
        found = customers.get(row.customer)
        values: dict[str, Any] = {"row_id": row.id, "upload": upload_id}
        values |= {"customer": found.customer_id if found else None, "account": found and found.account_id}
        if found is None or found.account_id is None:
            trouble = Trouble.CUSTOMER if found is None else Trouble.NO_ACCOUNT
            promises.reports.append(values | {"reason": trouble})
            continue
        payload = MovePayload(row_id=row.id, customer_id=str(found.customer_id))
        promises.waits.append(values | {"copied": True})
        promises.items.append(
            BatchItem(id=upload_id, account_id=found.account_id, payload=msgspec.to_builtins(payload))
        )
    return promises


async def apply_promises(
    session: AsyncSession, org_id: UUID, promises: Promises, *, claim: UUID, lease_s: float = LEASE_S
) -> set[UUID]:
    """The ids that the holder of `claim` may send now."""
    await repository.execute_for_each(session, repository.WAIT, org_id, promises.waits)
    await repository.execute_for_each(session, repository.REPORT, org_id, promises.reports)
    return await batches.insert_claimed(
        session, org_id=org_id, kind=KIND, items=promises.items, claim=claim, lease_s=lease_s
    )


async def pick_unmoved(
    session: AsyncSession, org_id: UUID, rows: Sequence[LegacyRow], *, given_up: frozenset[str] = frozenset()
) -> list[LegacyRow]:
    """Rows that neither moved nor are on their way. A reported one is tried again, except those `given_up`."""
    known = await repository.find_documents(session, org_id, [row.id for row in rows])
    return [row for row in rows if _is_unmoved(known.get(row.id), given_up)]


def _is_unmoved(document: Document | None, given_up: frozenset[str]) -> bool:
    return document is None or (document.state == "reported" and document.row_id not in given_up)
