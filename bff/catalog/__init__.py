"""What can be bought. Until the pricebook is read: which product type a SKU names.

May import what lies below the features; no sibling feature.
"""

from bff.catalog.rules import ProductType, find_product_type

__all__ = ["ProductType", "find_product_type"]
