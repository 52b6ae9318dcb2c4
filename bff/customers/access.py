"""Who may do what with customers; the table in docs/features/customers.md is tested against this."""

from typing import Any

from litestar.connection import ASGIConnection
from litestar.handlers.base import BaseRouteHandler

from bff.errors import Forbidden
from bff.identity import Caller, CallerKind, StaffRole, get_caller, requires_staff_or_machine

READ, WRITE, ADMINISTER = "customers:read", "customers:write", "customers:admin"
"""Scopes of machine clients; none contains another."""

_TILL = (StaffRole.POS, StaffRole.SUPPORT, StaffRole.ADMIN)
_DESK = (StaffRole.SUPPORT, StaffRole.ADMIN)

may_create = requires_staff_or_machine(*_TILL, scope=WRITE)
may_read = requires_staff_or_machine(*_TILL, scope=READ)
may_edit = requires_staff_or_machine(*_DESK, scope=WRITE)
may_read_all = requires_staff_or_machine(*_DESK, scope=READ)
"""Lists, counts and history: who serves one customer at a till has no need of them."""
may_administer = requires_staff_or_machine(StaffRole.ADMIN, scope=ADMINISTER)


async def may_claim(connection: ASGIConnection[Any, Any, Any, Any], _: BaseRouteHandler) -> None:
    """A person for themselves, or a machine for the person whom it names."""
    caller = get_caller(connection)
    is_machine = caller.kind is CallerKind.MACHINE and WRITE in caller.scopes
    if caller.user_id is None and not is_machine:
        raise Forbidden


def is_admin(caller: Caller) -> bool:
    return caller.role is StaffRole.ADMIN or ADMINISTER in caller.scopes


def sees_contacts(caller: Caller) -> bool:
    """The till sees enough to ask whom it serves; numbers and e-mail addresses themselves are for the desk."""
    return caller.role is not StaffRole.POS


def may_reveal(caller: Caller) -> bool:
    """What a search masks."""
    return caller.role is StaffRole.SUPPORT or is_admin(caller)
