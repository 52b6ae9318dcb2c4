"""Why a number is not tied to a customer. None repeats it."""

from bff.errors import PortalError
from bff.texts import N_


class PhoneNotPersonal(PortalError):
    status = 422
    code = "phone_not_personal"
    detail = N_("This number belongs to a service or a company, not to a person.")


class PhoneIsOperators(PortalError):
    """Its own number is no customer's, and a profile of staff collects none."""

    status = 409
    code = "phone_is_operators"
    detail = N_("Numbers and profiles of operators are not linked to customers.")
