"""Acting on the emulator's org as a reviewer does, and reading its journal."""

from contextlib import AbstractContextManager
from typing import Any

from sf_sync.emulator.app import Emulator
from sf_sync.emulator.platform_seed import REVIEWER_USERNAME, find_user_id
from sf_sync.emulator.transaction import Transaction


def change(emulator: Emulator) -> AbstractContextManager[Transaction]:
    """A transaction of the reviewer's."""
    user_id = find_user_id(emulator.org, REVIEWER_USERNAME)
    assert user_id is not None
    return emulator.org.transaction(user_id=user_id)


def update_account(emulator: Emulator, account_id: str, **values: Any) -> None:
    with change(emulator) as transaction:
        transaction.update("Account", account_id, values)


def list_cases(emulator: Emulator, account_id: str) -> list[Any]:
    return list(emulator.org.select("Case", lambda row: row["AccountId"] == account_id))


def list_calls(emulator: Emulator) -> list[str]:
    """The counted calls since the journal was cleared, as `METHOD path`."""
    return [f"{call.method} {call.path}" for call in emulator.journal.calls if call.counted]


def count_sign_ins(emulator: Emulator) -> int:
    return sum(call.path == "/services/oauth2/token" for call in emulator.journal.calls)
