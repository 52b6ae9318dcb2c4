"""What an error of Salesforce means for a promise."""

from bff.deliveries.outcomes import Outcome, Refused, Retry, Unknown
from sf_sync.errors import (
    AnswerMalformed,
    DuplicateValue,
    OutcomeUnknown,
    RequestLimitReached,
    SalesforceError,
    SalesforceRefused,
    SalesforceUnavailable,
)

# What was sent itself is what Salesforce will not have; anything else that it refuses is mended by an operator.
_FAULTS_OF_THE_CONTENT = frozenset(
    {"FIELD_CUSTOM_VALIDATION_EXCEPTION", "STRING_TOO_LONG", "INVALID_OR_NULL_FOR_RESTRICTED_PICKLIST"}
)


def judge_failure(error: SalesforceError) -> Outcome:
    """Nothing that a customer was promised is given up for a fault that an operator or time can mend."""
    reason = f"{type(error).__name__}: {error}"
    match error:
        case OutcomeUnknown() | AnswerMalformed() | DuplicateValue():
            return Unknown(reason)
        case SalesforceUnavailable() | RequestLimitReached():
            return Retry(reason, after_s=error.retry_after_s or 0.0)
        case SalesforceRefused() if error.code in _FAULTS_OF_THE_CONTENT:
            return Refused(reason)
        case _:
            return Retry(reason)
