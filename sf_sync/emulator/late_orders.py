"""The org's validation rule on Order: one that arrives after the portal gave up on it is refused.

A real org gets the same from `AND(ISNEW(), Portal_Submit_By__c < NOW())`, where both have whole seconds.
"""

from collections.abc import Sequence

from sf_sync.emulator.changes import Change
from sf_sync.emulator.refusals import SalesforceRefusal
from sf_sync.emulator.transaction import Transaction
from sf_sync.emulator.wire_time import parse_instant

SUBMIT_BY = "Portal_Submit_By__c"
TOO_LATE = "The portal has given up on this order. Please submit it again."


def refuse_late_orders(transaction: Transaction, changes: Sequence[Change]) -> None:
    for change in changes:
        if change.entity != "Order" or change.kind != "CREATE" or change.after is None:
            continue
        submit_by = change.after.get(SUBMIT_BY)
        if submit_by is not None and parse_instant(submit_by) < transaction.at:
            raise SalesforceRefusal("FIELD_CUSTOM_VALIDATION_EXCEPTION", TOO_LATE, fields=[SUBMIT_BY])
