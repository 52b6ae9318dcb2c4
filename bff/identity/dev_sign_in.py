"""Signing in as a demo person without a password, for the API and the sign-in page of development."""

from typing import Any

from litestar import Request

from bff.audit import record
from bff.db import Database
from bff.errors import Unauthenticated
from bff.identity.clients import get_client_address
from bff.identity.principals import Principals
from bff.identity.sessions import NewSession, Sessions, find_token
from bff.settings import Settings


class DevSignIn:
    """One per process; its routes exist in development only."""

    def __init__(
        self, settings: Settings, database: Database, principals: Principals, sessions: Sessions
    ) -> None:
        self._settings = settings
        self._database = database
        self._principals = principals
        self._sessions = sessions

    async def start(self, request: Request[Any, Any, Any], email: str, org: str | None = None) -> NewSession:
        """A new session, in place of the browser's earlier one.

        Raises:
            Unauthenticated: nobody has this e-mail.
        """
        caller = await self._principals.find_by_email(email, org)
        if caller is None:
            raise Unauthenticated("Nobody with this e-mail may sign in here.")
        if earlier := find_token(request.scope["headers"]):
            await self._sessions.end(earlier)
        started = await self._sessions.start(caller)
        address = get_client_address(request.scope, self._settings.identity.trusted_proxy_hops)
        async with self._database.transaction(caller.org_id) as session:
            await record(
                session,
                org_id=caller.org_id,
                actor=caller.actor,
                action="session.started",
                subject=caller.actor,
                detail={"address": address, "by": "dev-login"},
            )
        return started
