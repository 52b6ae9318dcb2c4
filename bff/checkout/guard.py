"""The gate as Salesforce checks it in the call that places an order: the same sets as `rules`, as conditions."""

from collections.abc import Iterable, Set
from typing import cast

from bff.checkout.rules import ALLOWED, CartLine
from sf_sync.objects.account import EligibilityStatus, VerificationStatus
from sf_sync.objects.account_gate import MayOrder
from sf_sync.objects.offer import ProductType

# An override lifts every block but that of a value which is not known.
_KNOWN_ELIGIBILITY = frozenset(EligibilityStatus) - {EligibilityStatus.UNKNOWN}
_KNOWN_VERIFICATION = frozenset(VerificationStatus) - {VerificationStatus.UNKNOWN}


def plan_guard(lines: Iterable[CartLine], overridden: Set[ProductType] = frozenset()) -> MayOrder:
    """What must hold of the account for exactly the product types in the cart."""
    cart = tuple(lines)
    wanted = {line.product_type for line in cart}
    eligibility = verification = None
    if ProductType.INTERNET in wanted:
        allowed = cast("frozenset[EligibilityStatus]", ALLOWED[ProductType.INTERNET])
        eligibility = _KNOWN_ELIGIBILITY if ProductType.INTERNET in overridden else allowed
    if ProductType.SIM in wanted:
        accepted = cast("frozenset[VerificationStatus]", ALLOWED[ProductType.SIM])
        verification = _KNOWN_VERIFICATION if ProductType.SIM in overridden else accepted
    # `fits` of a SIM is not looked at: what it needs is a document.
    internet = [line for line in cart if line.product_type is ProductType.INTERNET and line.fits]
    results = (
        () if ProductType.INTERNET in overridden else tuple(dict.fromkeys(line.fits for line in internet))
    )
    return MayOrder(eligibility=eligibility, verification=verification, results=results)
