"""Why a body is not taken, apart from the document in it."""

from bff.texts import N_
from bff.verification.refusals import VerificationRefusal


class IntakeRefused(VerificationRefusal):
    """Carries no part of the body."""


class UploadMalformed(IntakeRefused):
    status = 400
    code = "invalid_request"
    detail = N_("The upload could not be read. Please send the file again.")


class UnknownField(UploadMalformed):
    detail = N_("Send one file in the field “file” and nothing else.")


class FileMissing(UploadMalformed):
    """What a browser sends for a field that was left empty."""

    detail = N_("Please choose a file first.")


class UploadTooLarge(IntakeRefused):
    status = 413
    code = "body_too_large"
    detail = N_("The file is larger than 10 MB. Please send a smaller one.")


class UploadTooSlow(IntakeRefused):
    status = 408
    code = "upload_too_slow"
    detail = N_("The upload took too long. Please try again on a faster connection.")


class NotMultipart(IntakeRefused):
    status = 415
    code = "unsupported_media_type"
    detail = N_("Send the file as multipart/form-data.")
