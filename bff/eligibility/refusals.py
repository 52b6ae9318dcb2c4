# A refusal says what is the case, not that it is an error.
# ruff: noqa: N818
"""Why a request for a review is refused."""

from bff.errors import PortalError
from bff.texts import N_


class AddressRequired(PortalError):
    status = 422
    code = "address_required"
    detail = N_("We need the address where internet should be delivered.")


class AlreadyEligible(PortalError):
    status = 409
    code = "already_eligible"
    detail = N_("Internet is already confirmed for your address, so no review is needed.")


class AddressAlreadyReviewed(PortalError):
    status = 409
    code = "address_already_reviewed"
    detail = N_("This address was reviewed already. You may ask again for a different address.")


class StatusUnknown(PortalError):
    status = 409
    code = "status_unknown"
    detail = N_("Your status cannot be confirmed right now. Please contact support.")
