"""Why an override is refused."""

from bff.errors import PortalError


class EndNotAllowed(PortalError):
    status = 422
    code = "end_not_allowed"
    detail = "An override must end in the future, at most 90 days from now."
