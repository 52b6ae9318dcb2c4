"""Why a search is refused. None repeats what was searched for."""

from bff.errors import InvalidRequest, PortalError
from bff.texts import N_


class SearchNotClear(InvalidRequest):
    detail = N_("Search by exactly one of `phone`, `name`, `email` and `number`.")


class PurposeMissing(InvalidRequest):
    detail = N_("Say with `purpose` what the numbers and addresses are revealed for.")


class SearchTooShort(PortalError):
    """Four digits of a number, two letters of a name, or one ideograph."""

    status = 422
    code = "search_too_short"
    detail = N_("Please enter more: at least four digits of a phone number, or two letters of a name.")
