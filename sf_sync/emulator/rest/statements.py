"""One write of the REST side: its own transaction, or a part of the larger one that the call belongs to."""

from collections.abc import Iterator
from contextlib import contextmanager

from sf_sync.emulator.refusals import row_is_locked
from sf_sync.emulator.rest.context import Context
from sf_sync.emulator.rest.messages import ApiRequest
from sf_sync.emulator.transaction import Transaction


@contextmanager
def transaction_of(context: Context, request: ApiRequest) -> Iterator[Transaction]:
    """The transaction that the call belongs to, or a new one that is committed at the end of the block."""
    if request.transaction is not None:
        yield request.transaction
        return
    with context.org.transaction(user_id=request.session.user_id, origin=request.origin) as transaction:
        yield transaction


@contextmanager
def statement(transaction: Transaction, request: ApiRequest, record_id: str | None = None) -> Iterator[None]:
    """Writes of the block, and what the automation makes of them, are undone together if either refuses."""
    if request.quirks.lock_rows:
        raise row_is_locked(record_id)
    with transaction.savepoint():
        yield
        transaction.run_automation()
