"""What sign-in takes and answers."""

from typing import Annotated
from uuid import UUID

import msgspec
from msgspec import Meta

from bff.identity.caller import CallerKind, StaffRole

_LINE = r"^[^\x00-\x1f\x7f]*$(?!\n)"


class DevLogin(msgspec.Struct, frozen=True, rename="camel", forbid_unknown_fields=True):
    """`org` (a slug) chooses among the organisations that know the person; without it the first one by slug."""

    email: Annotated[str, Meta(pattern=_LINE)]
    org: Annotated[str, Meta(pattern=_LINE)] | None = None


class SessionInfo(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """Who is signed in. `csrfToken` goes into the header X-CSRF-Token of every unsafe call; bearers need none."""

    email: str | None
    org: str
    kind: CallerKind
    role: StaffRole | None
    customer_id: UUID | None
    locale: str
    csrf_token: str | None
