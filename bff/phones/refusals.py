"""Why a number is not tied to a customer. None repeats it."""

from bff.errors import PortalError
from bff.phones.links import LinkOutcome
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


def refuse_excluded(outcome: LinkOutcome) -> None:
    """
    Raises:
        PhoneNotPersonal, PhoneIsOperators
    """
    if outcome is LinkOutcome.NOT_PERSONAL:
        raise PhoneNotPersonal
    if outcome in (LinkOutcome.OPERATOR_NUMBER, LinkOutcome.OPERATOR_ACCOUNT):
        raise PhoneIsOperators
