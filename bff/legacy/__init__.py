"""The table in which the portal before this one keeps identity documents, wherever it is, whatever its names.

Knows rows, not phases. May import `bff.db` and `bff.settings`; goes away with `bff.migration` when no org has rows.
"""

from bff.legacy.failures import LegacyMisfit, LegacyUnavailable
from bff.legacy.rows import LegacyRow, LinkedCustomer, NewRow, RowStatus
from bff.legacy.table import LegacyTable

__all__ = [
    "LegacyMisfit",
    "LegacyRow",
    "LegacyTable",
    "LegacyUnavailable",
    "LinkedCustomer",
    "NewRow",
    "RowStatus",
]
