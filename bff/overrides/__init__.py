"""Exceptions from the gate that staff make: for one account and product type, with a reason and an end.

May import `bff.db`, `bff.identity`, `bff.audit`, `bff.pictures` and what lies below `bff`; no feature.
"""

from bff.overrides.rules import Override, Overrides
from bff.overrides.service import OverrideReader

__all__ = ["Override", "OverrideReader", "Overrides"]
