"""Authorisation as named predicates over the verified caller.

They are coroutines because the framework runs plain functions among its guards in a thread, which costs more than
the rest of the request.
"""

from typing import Any

from litestar import Request
from litestar.connection import ASGIConnection
from litestar.handlers.base import BaseRouteHandler
from litestar.types import Guard

from bff.errors import Forbidden, NotFound, Unauthenticated
from bff.identity.caller import Caller, CallerKind, StaffRole

Connection = ASGIConnection[Any, Any, Any, Any]


def get_caller(connection: Connection) -> Caller:
    """The caller that authentication left on the connection.

    Raises:
        Unauthenticated: on an open route that nobody signed in to.
    """
    caller = connection.scope.get("user")
    if not isinstance(caller, Caller):
        raise Unauthenticated
    return caller


def find_caller(connection: Connection) -> Caller | None:
    caller = connection.scope.get("user")
    return caller if isinstance(caller, Caller) else None


def provide_caller(request: Request[Any, Any, Any]) -> Caller:
    return get_caller(request)


async def requires_customer(connection: Connection, _: BaseRouteHandler) -> None:
    if get_caller(connection).kind is not CallerKind.CUSTOMER:
        raise Forbidden


def requires_staff(*roles: StaffRole) -> Guard:
    """A guard that lets staff pass whose role is among `roles`; without roles any staff passes."""

    async def requires_role(connection: Connection, _: BaseRouteHandler) -> None:
        caller = get_caller(connection)
        if caller.kind is not CallerKind.STAFF or (roles and caller.role not in roles):
            raise Forbidden

    return requires_role


def requires_staff_or_machine(*roles: StaffRole, scope: str) -> Guard:
    """A guard that lets staff pass whose role is among `roles`, and machines whose token has `scope`."""

    async def requires_either(connection: Connection, _: BaseRouteHandler) -> None:
        caller = get_caller(connection)
        is_staff = caller.kind is CallerKind.STAFF and caller.role in roles
        is_machine = caller.kind is CallerKind.MACHINE and scope in caller.scopes
        if not (is_staff or is_machine):
            raise Forbidden

    return requires_either


def or_customer(guard: Guard) -> Guard:
    """The guard for staff and machines; customers pass, for themselves."""

    async def requires_person(connection: Connection, handler: BaseRouteHandler) -> None:
        if get_caller(connection).kind is not CallerKind.CUSTOMER:
            await guard(connection, handler)  # type: ignore[misc]

    return requires_person


def or_own(guard: Guard) -> Guard:
    """The guard for staff and machines; a customer passes with the own id as `customer_id` and finds no other one."""

    async def requires_reach(connection: Connection, handler: BaseRouteHandler) -> None:
        caller = get_caller(connection)
        if caller.kind is not CallerKind.CUSTOMER:
            await guard(connection, handler)  # type: ignore[misc]
        elif connection.path_params["customer_id"] != caller.customer_id:
            raise NotFound

    return requires_reach
