"""Setting right what is safe to set right. Nothing of the row's own is ever deleted, here or there."""

from uuid import UUID, uuid4

import msgspec
import structlog

from bff.adapters import Adapters
from bff.deliveries import Deliveries, DeliveryState
from bff.migration import repository
from bff.migration.differences import Checked, Difference, DifferenceClass, Inventory
from bff.migration.following import sync_verdict
from bff.migration.promising import apply_promises, plan_promises
from bff.migration.repository import Document, make_upload_id
from bff.migration.returning import copy_back
from bff.migration.rules import Sync, make_judgement
from sf_sync.client import Lane
from sf_sync.errors import SalesforceError
from sf_sync.objects import account

log = structlog.get_logger(__name__)

MOST_TIMES = 100


class Repair:
    """One per pass."""

    def __init__(self, adapters: Adapters, org_id: UUID) -> None:
        self._adapters = adapters
        self._deliveries = Deliveries(adapters)
        self._org_id = org_id

    async def apply(self, checked: Checked, difference: Difference, inventory: Inventory) -> Difference:
        """The difference, marked when it was set right. What fails stays for the next pass."""
        try:
            is_repaired = await self._repair(checked, difference.kind, inventory)
        except SalesforceError as error:
            log.warning("migration_not_repaired", record_id=checked.row.id, error=type(error).__name__)
            is_repaired = False
        return msgspec.structs.replace(difference, is_repaired=is_repaired)

    async def fill(self, document: Document, gap: Difference) -> Difference:
        """The same for an upload that the table lacks."""
        try:
            is_repaired = await copy_back(self._adapters, self._org_id, document)
        except SalesforceError as error:
            log.warning("migration_not_repaired", record_id=document.row_id, error=type(error).__name__)
            is_repaired = False
        return msgspec.structs.replace(gap, is_repaired=is_repaired)

    async def _repair(self, checked: Checked, kind: DifferenceClass, inventory: Inventory) -> bool:
        document = checked.document
        match kind:
            case DifferenceClass.MISSING | DifferenceClass.TRUNCATED:
                return await self._move_again(checked)
            case DifferenceClass.SWAPPED_ACCOUNT if document:
                return await self._put_back(document, inventory)
            case DifferenceClass.DOUBLE if document:
                return await self._remove_doubles(document, inventory)
            case DifferenceClass.OLDER | DifferenceClass.DIFFERENT_STATUS if document:
                return await self._sync(checked, document)
            case DifferenceClass.DIFFERENT_TIME if document:
                return await self._judge(checked, document)
            case _:
                return False

    async def _move_again(self, checked: Checked) -> bool:
        """Under a name of its own where the first was used: what stands under that one stays there as history."""
        row, document = checked.row, checked.document
        upload_id = make_upload_id(self._org_id, row.id)
        if document is not None and document.state == "moved":
            upload_id = find_next_name(self._org_id, document)
        promises = await plan_promises(self._adapters, self._org_id, [row], {row.id: upload_id})
        async with self._adapters.database.transaction(self._org_id) as session:
            if document is not None:
                values = {"org": self._org_id, "row": row.id, "upload": upload_id}
                await session.execute(repository.RENAME, values)
            await apply_promises(session, self._org_id, promises, claim=uuid4(), lease_s=0)
        if not promises.items:
            return False
        state = await self._deliveries.attempt(self._org_id, upload_id, budget_s=90)
        return state is DeliveryState.DELIVERED

    async def _put_back(self, document: Document, inventory: Inventory) -> bool:
        """Shown on its own account first, so that it is never shown nowhere."""
        version = inventory.uploads[str(document.upload_id)]
        places = await self._adapters.transfers.list_places([version.document_id])
        await self._adapters.transfers.link(version.document_id, document.account_id or "")
        for place in places:
            is_account = place.account_id.startswith(account.KEY_PREFIX)
            if is_account and place.account_id != document.account_id:
                await self._adapters.transfers.unlink(place.link_id)
        return True

    async def _remove_doubles(self, document: Document, inventory: Inventory) -> bool:
        own = inventory.uploads[str(document.upload_id)]
        for document_id in inventory.find_doubles(document.account_id or "", own):
            await self._adapters.transfers.delete_document(document_id)
        return True

    async def _sync(self, checked: Checked, document: Document) -> bool:
        plan = await sync_verdict(self._adapters, self._org_id, document.account_id or "")
        return plan is not Sync.NOTHING or await self._judge(checked, document)

    async def _judge(self, checked: Checked, document: Document) -> bool:
        account_id = document.account_id or ""
        found = await self._adapters.salesforce.read_accounts([account_id], lane=Lane.BACKGROUND)
        facts = found[account_id]
        if facts is None:
            return False
        async with self._adapters.account_view.writing(account_id) as write:
            is_done = await self._adapters.transfers.judge(facts, make_judgement(checked.row))
            write.settle()
        return is_done


def find_next_name(org_id: UUID, document: Document) -> UUID:
    """The name after the one that the document has."""
    names = [make_upload_id(org_id, document.row_id, again=times) for times in range(MOST_TIMES)]
    place = names.index(document.upload_id) if document.upload_id in names[:-1] else -1
    return names[place + 1]
