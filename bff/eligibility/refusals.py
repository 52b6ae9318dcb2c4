"""Why a request for a review is refused, and what the customer can do instead."""

from bff.next_actions import NextActionCode
from bff.refusals import GuidedRefusal
from bff.texts import N_


class EligibilityRefusal(GuidedRefusal):
    """Of a request for a review."""


class AddressRequired(EligibilityRefusal):
    status = 422
    code = "address_required"
    detail = N_("We need the address where internet should be delivered.")
    next_step = NextActionCode.ADD_ADDRESS


class AlreadyEligible(EligibilityRefusal):
    status = 409
    code = "already_eligible"
    detail = N_("Internet is already confirmed for your address, so no review is needed.")
    next_step = NextActionCode.NONE


class AddressAlreadyReviewed(EligibilityRefusal):
    status = 409
    code = "address_already_reviewed"
    detail = N_("This address was reviewed already. You may ask again for a different address.")
    next_step = NextActionCode.CONTACT_SUPPORT


class StatusUnknown(EligibilityRefusal):
    status = 409
    code = "status_unknown"
    detail = N_("Your status cannot be confirmed right now. Please contact support.")
    next_step = NextActionCode.CONTACT_SUPPORT
