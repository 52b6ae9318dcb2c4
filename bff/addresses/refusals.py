"""Why a change of a customer's addresses is refused."""

from bff.errors import PortalError
from bff.texts import N_


class DefaultRequired(PortalError):
    status = 409
    code = "default_required"
    detail = N_("One address must be the default. Please make another one the default instead.")


class TooManyAddresses(PortalError):
    status = 409
    code = "too_many_addresses"
    detail = N_("There are too many addresses already. Please remove one first.")


class PointIncomplete(PortalError):
    """Half a point is no place."""

    status = 422
    code = "point_incomplete"
    detail = N_("Latitude and longitude must be given together.")
