"""Why something about a customer is refused. None repeats a name, phone or e-mail address."""

from bff.errors import PortalError
from bff.texts import N_, Texts


class CustomerDeactivated(PortalError):
    status = 409
    code = "customer_deactivated"
    detail = N_("This customer is deactivated. An admin can activate it again.")


class UpgradeNotPossible(PortalError):
    """The kind only ever rises: guest, stub, full."""

    status = 409
    code = "upgrade_not_possible"
    detail = N_("This customer has this kind or a higher one already.")


class FieldsMissing(PortalError):
    """`names` as the wire has them."""

    status = 422
    code = "fields_missing"
    detail = N_("This kind of customer needs: %(fields)s.")

    def __init__(self, *names: str) -> None:
        self._fields = ", ".join(f"`{name}`" for name in names)
        super().__init__(self.detail % {"fields": self._fields})

    def speak(self, texts: Texts) -> None:
        """With the names, which are the same in every language."""
        super().speak(texts)
        self.sentence = texts.say(self.detail, fields=self._fields)


class PhoneProofRequired(PortalError):
    status = 422
    code = "phone_proof_required"
    detail = N_("The phone number must be proven with a code first.")


class CustomerExists(PortalError):
    status = 409
    code = "customer_exists"
    detail = N_("This person is a customer of this organisation already.")


class AlreadyClaimed(PortalError):
    status = 409
    code = "already_claimed"
    detail = N_("This customer belongs to a registered person already.")


class ClaimRefused(PortalError):
    """Forged, expired, used, or another's: which of them is not said."""

    status = 409
    code = "claim_refused"
    detail = N_("This link is not valid any more. Please ask for a new one.")


class ClaimAmbiguous(PortalError):
    status = 409
    code = "claim_ambiguous"
    detail = N_("Several customers have this phone number. Please ask the support desk for a link.")
