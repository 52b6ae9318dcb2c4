"""What sign-in takes and answers."""

from uuid import UUID

import msgspec

from bff.identity.caller import CallerKind, StaffRole


class DevLogin(msgspec.Struct, frozen=True, rename="camel", forbid_unknown_fields=True):
    """`org` (a slug) chooses among the organisations that know the person; without it the first one by slug."""

    email: str
    org: str | None = None


class SessionInfo(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """Who is signed in. `csrfToken` goes into the header X-CSRF-Token of every unsafe call; bearers need none."""

    email: str | None
    org: str
    kind: CallerKind
    role: StaffRole | None
    customer_id: UUID | None
    locale: str
    csrf_token: str | None
