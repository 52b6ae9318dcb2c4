"""Who is calling: the three metadata keys that every call carries, checked when the call starts."""

from collections.abc import Mapping
from urllib.parse import urlsplit

from sf_sync.emulator.faults import Faults
from sf_sync.emulator.pubsub.errors import AuthenticationFailed, HeadersInvalid, ServiceUnavailable
from sf_sync.emulator.sessions import Session, Sessions

REQUIRED = ("accesstoken", "instanceurl", "tenantid")


class Access:
    """Admits callers with a live token of this org. An open stream is not asked again."""

    def __init__(self, *, org_id: str, sessions: Sessions, faults: Faults) -> None:
        self._org_id = org_id
        self._sessions = sessions
        self._faults = faults

    def require(self, metadata: Mapping[str, str | bytes]) -> Session:
        """Raises HeadersInvalid, AuthenticationFailed or ServiceUnavailable."""
        if self._faults.stream_unavailable:
            raise ServiceUnavailable("The service is temporarily unavailable. Retry with back-off.")
        token, instance_url, tenant = (str(metadata.get(key, "")) for key in REQUIRED)
        self._require_headers(token, instance_url, tenant)
        session = self._sessions.find(token)
        if session is None or self._faults.stream_unauthenticated:
            raise AuthenticationFailed("Authentication failed: the access token is invalid or has expired.")
        return session

    def _require_headers(self, token: str, instance_url: str, tenant: str) -> None:
        if not token:
            raise HeadersInvalid("The accesstoken header is missing.")
        address = urlsplit(instance_url)
        if address.scheme not in ("https", "http") or not address.netloc:
            raise HeadersInvalid("The instanceurl header is missing or isn't the address of an instance.")
        # Accepted are the 15 and 18 character ids and the long form core/<subdomain>/<org id>.
        if tenant.rpartition("/")[2] not in (self._org_id, self._org_id[:15]):
            raise HeadersInvalid("The tenantid header is missing or isn't the ID of this org.")
