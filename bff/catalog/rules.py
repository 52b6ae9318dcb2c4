"""Which product type a SKU names."""

from enum import StrEnum


class ProductType(StrEnum):
    INTERNET = "internet"
    SIM = "sim"


# The beginnings of Product2.ProductCode, as the demo org uses them.
_PREFIXES = {"INTERNET-": ProductType.INTERNET, "SIM-": ProductType.SIM}


def find_product_type(sku: str) -> ProductType | None:
    """None for a SKU that is no offer of ours."""
    for prefix, product_type in _PREFIXES.items():
        if sku.startswith(prefix) and len(sku) > len(prefix):
            return product_type
    return None
