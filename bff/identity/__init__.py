"""Who is calling: sessions, bearer tokens, CSRF defence, guards and the `Caller` they yield.

Every route is closed unless its handler says `opt={"open": True}`. May import `bff.db`, `bff.tenancy`,
`bff.audit`, `bff.settings`, `bff.errors` and `cache`; no feature.
"""

from bff.identity.caller import Caller, CallerKind, StaffRole
from bff.identity.guards import (
    get_caller,
    or_customer,
    or_own,
    provide_caller,
    requires_customer,
    requires_staff,
    requires_staff_or_machine,
)

__all__ = [
    "Caller",
    "CallerKind",
    "StaffRole",
    "get_caller",
    "or_customer",
    "or_own",
    "provide_caller",
    "requires_customer",
    "requires_staff",
    "requires_staff_or_machine",
]
