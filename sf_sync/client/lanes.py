"""Who goes first when more calls wait than may be in flight."""

from enum import IntEnum


class Lane(IntEnum):
    """How urgent a call is; a lower number goes first."""

    GATE = 0
    """Live reads of the checkout gate, and the writes of customers. Goes on until the org's last call."""
    CUSTOMER = 1
    """Reads that fill a page. Stops at 95 % of the org's daily calls."""
    BACKGROUND = 2
    """Polling, reconcile, migration. Stops at 80 %, and takes at most half of the places in flight."""
