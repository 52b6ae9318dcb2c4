"""Sums that the platform keeps by itself: an Order's amount is the total of its lines."""

from collections.abc import Sequence

from sf_sync.emulator.changes import Change
from sf_sync.emulator.store import Org
from sf_sync.emulator.transaction import Transaction


def register_rollups(org: Org) -> None:
    org.add_automation(sum_order_lines)


def sum_order_lines(transaction: Transaction, changes: Sequence[Change]) -> None:
    """Bring TotalAmount of every order whose lines changed up to date."""
    touched = {
        (change.after or change.before or {}).get("OrderId")
        for change in changes
        if change.entity == "OrderItem"
    }
    for order_id in touched:
        if order_id is None or transaction.find("Order", order_id) is None:
            continue
        lines = transaction.org.find_by("OrderItem", "OrderId", order_id)
        total = float(sum(line.get("TotalPrice", 0.0) for line in lines))
        transaction.update("Order", order_id, {"TotalAmount": total}, as_system=True)
