"""Refusals of the product: each carries its status, a stable code and a sentence fit for the customer.

A slice defines its own refusals beside what raises them, as subclasses of `PortalError`; `bff.problems`
turns them into `application/problem+json`. What is not a `PortalError` is a bug and answers 500.

    PortalError
    ├── InvalidRequest        400 invalid_request
    ├── Unauthenticated       401 unauthenticated
    ├── CsrfFailed            403 csrf_failed
    ├── Forbidden             403 forbidden
    ├── NotFound              404 not_found            "not yours" and "not there" alike
    ├── BodyTooLarge          413 body_too_large
    ├── UnsupportedMediaType  415 unsupported_media_type
    ├── IdempotencyKeyReused  422 idempotency_key_reused
    ├── TooManyRequests       429 too_many_requests    with Retry-After
    ├── SourceUnavailable     503 source_unavailable   Salesforce does not answer
    └── ServiceUnavailable    503 service_unavailable  our own Redis or PostgreSQL does not answer
"""

from typing import ClassVar

import msgspec

from bff.next_actions import NextAction, make_next_action
from bff.texts import N_, Texts


class Problem(msgspec.Struct, frozen=True, kw_only=True, rename="camel", omit_defaults=True):
    """The body of every error answer (RFC 9457); `code` is what clients may rely on."""

    type: str
    title: str
    status: int
    detail: str
    code: str
    request_id: str
    next_action: NextAction | None = None
    retry_after: int | None = None


class PortalError(Exception):
    """A refusal; raising it inside a transaction rolls the transaction back."""

    status: ClassVar[int] = 400
    code: ClassVar[str] = "invalid_request"
    detail: ClassVar[str] = N_("The request cannot be carried out.")

    def __init__(
        self,
        detail: str | None = None,
        *,
        next_action: NextAction | None = None,
        retry_after_s: int | None = None,
    ) -> None:
        super().__init__(detail or self.detail)
        self.sentence = detail or self.detail
        self.next_action = next_action
        self.retry_after_s = retry_after_s

    def speak(self, texts: Texts) -> None:
        """Put what is said into the reader's language; a sentence of no catalogue, for developers, stays as it is."""
        self.sentence = texts.say(self.sentence)
        if self.next_action:
            self.next_action = make_next_action(self.next_action.code, texts)

    def extend(self, problem: Problem) -> Problem:
        """The answer's body. A refusal that has more to say returns a subclass of `Problem` with it."""
        return problem


class InvalidRequest(PortalError):
    status = 400
    code = "invalid_request"
    detail = N_("The request is not in the expected form.")


class Unauthenticated(PortalError):
    status = 401
    code = "unauthenticated"
    detail = N_("Please sign in to continue.")


class CsrfFailed(PortalError):
    status = 403
    code = "csrf_failed"
    detail = N_("This request did not come from a page of this portal. Reload the page and try again.")


class Forbidden(PortalError):
    status = 403
    code = "forbidden"
    detail = N_("You may not do this.")


class NotFound(PortalError):
    status = 404
    code = "not_found"
    detail = N_("There is nothing here.")


class MethodNotAllowed(PortalError):
    status = 405
    code = "method_not_allowed"
    detail = N_("This method is not offered here.")


class BodyTooLarge(PortalError):
    status = 413
    code = "body_too_large"
    detail = N_("What was sent is too large.")


class UnsupportedMediaType(PortalError):
    status = 415
    code = "unsupported_media_type"
    detail = N_("This content type is not accepted here.")


class IdempotencyKeyReused(PortalError):
    status = 422
    code = "idempotency_key_reused"
    detail = N_("This Idempotency-Key was already used for a different request.")


class TooManyRequests(PortalError):
    status = 429
    code = "too_many_requests"
    detail = N_("Too many requests. Please wait a moment and try again.")


class InternalError(PortalError):
    status = 500
    code = "internal_error"
    detail = N_("Something went wrong on our side. Please try again.")


class SourceUnavailable(PortalError):
    status = 503
    code = "source_unavailable"
    detail = N_("We cannot confirm this at the moment. Please try again shortly.")


class ServiceUnavailable(PortalError):
    status = 503
    code = "service_unavailable"
    detail = N_("The service is not available at the moment. Please try again shortly.")


def make_problem(error: PortalError, request_id: str, title: str) -> Problem:
    problem = Problem(
        type="about:blank",
        title=title,
        status=error.status,
        detail=error.sentence,
        code=error.code,
        request_id=request_id,
        next_action=error.next_action,
        retry_after=error.retry_after_s,
    )
    return error.extend(problem)
