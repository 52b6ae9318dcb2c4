"""The one thing a customer can do next: closed codes shared by statuses, problems, gate and pages."""

from enum import StrEnum

import msgspec

from bff.texts import N_, Texts


class NextActionCode(StrEnum):
    ADD_ADDRESS = "add_address"
    REQUEST_REVIEW = "request_review"
    WAIT_FOR_REVIEW = "wait_for_review"
    CONTACT_SUPPORT = "contact_support"
    UPLOAD_ID = "upload_id"
    RESUBMIT_ID = "resubmit_id"
    NONE = "none"


class NextAction(msgspec.Struct, frozen=True):
    """A code that clients switch on, with a label fit for a button in the caller's language."""

    code: NextActionCode
    label: str


LABELS = {
    NextActionCode.ADD_ADDRESS: N_("Add your address"),
    NextActionCode.REQUEST_REVIEW: N_("Request a review"),
    NextActionCode.WAIT_FOR_REVIEW: N_("Wait for the review"),
    NextActionCode.CONTACT_SUPPORT: N_("Contact support"),
    NextActionCode.UPLOAD_ID: N_("Upload your ID"),
    NextActionCode.RESUBMIT_ID: N_("Send a new photo of your ID"),
    NextActionCode.NONE: N_("Nothing to do"),
}


def make_next_action(code: NextActionCode, texts: Texts) -> NextAction:
    return NextAction(code, texts.say(LABELS[code]))
