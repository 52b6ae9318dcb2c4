"""Why a request for a review is refused, and what the customer can do instead."""

from typing import ClassVar

from bff.errors import PortalError
from bff.next_actions import NextActionCode, make_next_action
from bff.texts import N_, Texts


class EligibilityRefusal(PortalError):
    """`next_step` is the one thing that helps."""

    next_step: ClassVar[NextActionCode]

    def speak(self, texts: Texts) -> None:
        """Put the sentence and the next action into the customer's language."""
        self.sentence = texts.say(self.detail)
        self.next_action = make_next_action(self.next_step, texts)


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
