"""Why a document is not taken, and what the customer can do instead."""

from typing import ClassVar

from bff.next_actions import NextActionCode
from bff.refusals import GuidedRefusal
from bff.texts import N_
from bff.verification.inspection.findings import Quality, RefusalCode


class VerificationRefusal(GuidedRefusal):
    """Of a document, or of any document at this moment."""

    next_step: ClassVar[NextActionCode] = NextActionCode.UPLOAD_ID


class AlreadyVerified(VerificationRefusal):
    status = 409
    code = "already_verified"
    detail = N_("Your ID is verified already, so no document is needed.")
    next_step = NextActionCode.NONE


class StatusUnknown(VerificationRefusal):
    status = 409
    code = "status_unknown"
    detail = N_("Your status cannot be confirmed right now. Please contact support.")
    next_step = NextActionCode.CONTACT_SUPPORT


class DocumentNotTaken(VerificationRefusal):
    """The document itself is the reason; `code` says which."""

    status = 422
    code = "document_not_accepted"
    detail = N_("This file cannot be accepted. Please send a JPEG, PNG, HEIC or PDF of at most 10 MB.")


SENTENCES: dict[RefusalCode, str] = {
    RefusalCode.EMPTY: N_("The file is empty. Please choose it again."),
    RefusalCode.TOO_LARGE: N_("The file is larger than 10 MB. Please send a smaller one."),
    RefusalCode.TYPE: N_("This type of file is not accepted. Please send a JPEG, PNG, HEIC or PDF."),
    RefusalCode.MISMATCH: N_("The file is not what its name says. Please send it under its own type."),
    RefusalCode.DAMAGED: N_("The file is damaged or incomplete. Please take or scan it again."),
    RefusalCode.TOO_MANY_PIXELS: N_("The picture is too large. Please send one of at most 40 megapixels."),
    RefusalCode.TOO_MANY_PAGES: N_("The document has too many pages. Please send at most 20."),
    RefusalCode.ACTIVE_CONTENT: N_(
        "The PDF contains active content. Please print it to a new PDF, or send a photo."
    ),
    RefusalCode.ENCRYPTED: N_("The PDF is protected. Please send one without a password."),
    RefusalCode.TOO_COMPLEX: N_("The file is too complex to be checked. Please send a photo instead."),
}


NOT_TAKEN: dict[RefusalCode, type[DocumentNotTaken]] = {
    code: type(f"Document{code.name.title()}", (DocumentNotTaken,), {"code": code.value, "detail": sentence})
    for code, sentence in SENTENCES.items()
}


class DocumentInfected(VerificationRefusal):
    status = 422
    code = "document_infected"
    detail = N_("The scanner found malware in this file. Please take a new photo of your document.")


class PoorQuality(VerificationRefusal):
    """Only where it was asked for; the API leaves the choice to its caller."""

    status = 422
    code = "document_quality"
    detail = N_("A reviewer would probably reject this picture.")

    def __init__(self, findings: tuple[Quality, ...]) -> None:
        super().__init__()
        self.findings = findings


class QuotaUsedUp(VerificationRefusal):
    status = 429
    code = "too_many_uploads"
    detail = N_("You have sent several documents already. Please wait before sending another.")
    next_step = NextActionCode.WAIT_FOR_REVIEW
