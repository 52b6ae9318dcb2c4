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
may_look_back = requires_staff_or_machine(*_DESK, scope=READ)
may_administer = requires_staff_or_machine(StaffRole.ADMIN, scope=ADMINISTER)


async def may_claim(connection: ASGIConnection[Any, Any, Any, Any], _: BaseRouteHandler) -> None:
    """A person for themselves, or a machine for the person whom it names."""
    caller = get_caller(connection)
    is_machine = caller.kind is CallerKind.MACHINE and WRITE in caller.scopes
    if caller.user_id is None and not is_machine:
        raise Forbidden


def is_admin(caller: Caller) -> bool:
    return caller.role is StaffRole.ADMIN or ADMINISTER in caller.scopes
