"""What can go wrong with Salesforce, and which of it may be tried again.

    SalesforceError                    retryable?
    ├── SalesforceUnavailable          yes   never sent, 5xx, HTML, no answer to a repeatable call
    │   ├── SalesforceBreakerOpen      yes   refused here, without a call, until `retry_after_s` has passed
    │   └── ServerFault                once  500 with an error id: rolled back, often for good
    ├── OutcomeUnknown                 NO    sent, no usable answer: ask by external id before sending again
    ├── AnswerMalformed                no    success of an undocumented shape, or of another record
    ├── LoginRefused                   no    the token endpoint says no: a setting is wrong
    ├── UntrustedAddress               no    Salesforce named a host or path that the settings do not
    ├── SalesforceMisconfigured        no    the org lacks what the product needs (a record type)
    └── SalesforceRefused              no    the error list of an answer; `code` is an open set
        ├── SessionExpired             no    still refused after the one refresh
        ├── RequestLimitReached        if concurrent; the daily limit lasts for hours
        ├── RowLocked                  yes   nothing was written
        ├── DuplicateValue             no    another try made the record: read it by external id
        ├── NotFound                   no
        └── TransactionHalted          yes   rolled back: a guard found nothing; plan anew first

`str()` of an error never repeats Salesforce's message, which may quote what a customer wrote; `message`
has it.
"""

from typing import ClassVar


class SalesforceError(Exception):
    """Any failure to get a usable answer from Salesforce."""

    retryable: bool = False
    """The same call may be sent again later, provided that it is idempotent."""


class SalesforceUnavailable(SalesforceError):
    """Salesforce did not serve the call. A call that is not idempotent certainly had no effect."""

    retryable = True

    def __init__(self, reason: str, *, retry_after_s: float | None = None) -> None:
        super().__init__(reason)
        self.reason = reason
        self.retry_after_s = retry_after_s


class SalesforceBreakerOpen(SalesforceUnavailable):
    """Salesforce failed several times in a row; calls are refused here until `retry_after_s` has passed."""


class ServerFault(SalesforceUnavailable):
    """Salesforce's own code failed on this call (`UNKNOWN_EXCEPTION`); nothing was written."""


class OutcomeUnknown(SalesforceError):
    """The call was sent and may have taken effect. Never send it again before asking for its effect."""


class AnswerMalformed(SalesforceError):
    """A success whose body cannot be what was asked for. Nothing of it may be used."""


class LoginRefused(SalesforceError):
    """The token endpoint refused; `code` is OAuth's (`invalid_grant`, …), `description` Salesforce's
    sentence.
    """

    def __init__(self, code: str, description: str) -> None:
        super().__init__(code)
        self.code = code
        self.description = description


class UntrustedAddress(SalesforceError):
    """An address that Salesforce named lies outside the configured org. No byte was sent there."""


class SalesforceMisconfigured(SalesforceError):
    """The org lacks what the product needs; the text names it for the operator."""


class SalesforceRefused(SalesforceError):
    """Salesforce understood and refused. `fields` are API names; `message` may quote what was sent."""

    code_default: ClassVar[str] = "UNKNOWN"

    def __init__(
        self, *, status: int, code: str | None = None, message: str = "", fields: tuple[str, ...] = ()
    ) -> None:
        self.status = status
        self.code = code or self.code_default
        self.message = message
        self.fields = fields
        super().__init__(f"{self.code} ({status})" + (f" on {', '.join(fields)}" if fields else ""))


class SessionExpired(SalesforceRefused):
    """The access token was refused, also after the refresh."""

    code_default = "INVALID_SESSION_ID"


class RequestLimitReached(SalesforceRefused):
    """The org's calls are used up, by its own word or by our budget. Retryable only for the concurrency
    limit.
    """

    code_default = "REQUEST_LIMIT_EXCEEDED"

    def __init__(
        self,
        *,
        status: int = 403,
        message: str = "",
        concurrent: bool = False,
        retry_after_s: float | None = None,
    ) -> None:
        super().__init__(status=status, message=message)
        self.concurrent = concurrent
        self.retryable = concurrent
        self.retry_after_s = retry_after_s


class RowLocked(SalesforceRefused):
    """Another transaction holds the record or its parent. Nothing was written."""

    retryable = True
    code_default = "UNABLE_TO_LOCK_ROW"


class DuplicateValue(SalesforceRefused):
    """A unique value is taken; `existing_id` is the 18-character id of the record that has it, where told."""

    code_default = "DUPLICATE_VALUE"

    def __init__(
        self,
        *,
        status: int = 400,
        message: str = "",
        fields: tuple[str, ...] = (),
        existing_id: str | None = None,
    ) -> None:
        super().__init__(status=status, message=message, fields=fields)
        self.existing_id = existing_id


class NotFound(SalesforceRefused):
    """No such record, or none that the integration user may see."""

    code_default = "NOT_FOUND"


class TransactionHalted(SalesforceRefused):
    """An all-or-none composite was rolled back because a reference found nothing: the guard did not match."""

    retryable = True
    code_default = "PROCESSING_HALTED"
