"""What can be bought: the offers of the standard price book, and which of them fit a customer's address.

May import `bff.overrides` and what lies below the features; no sibling feature.
"""

from bff.catalog.rules import format_price, is_fit
from bff.catalog.service import Catalogue

__all__ = ["Catalogue", "format_price", "is_fit"]
