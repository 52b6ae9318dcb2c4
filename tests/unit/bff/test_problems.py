from typing import Any

import pytest
from litestar.exceptions import (
    HTTPException,
    InternalServerException,
    MethodNotAllowedException,
    NotFoundException,
    ValidationException,
)

from bff import errors
from bff.errors import PortalError
from bff.problems import describe_mistake, problems, translate
from cache.errors import CacheUnavailable
from sf_sync.accounts import SourceUnavailable as AccountUnavailable
from sf_sync.errors import OutcomeUnknown, SalesforceUnavailable

CODES = {
    "unauthenticated": 401,
    "csrf_failed": 403,
    "forbidden": 403,
    "not_found": 404,
    "method_not_allowed": 405,
    "unsupported_media_type": 415,
    "invalid_request": 400,
    "body_too_large": 413,
    "too_many_requests": 429,
    "source_unavailable": 503,
    "service_unavailable": 503,
    "idempotency_key_reused": 422,
    "internal_error": 500,
}


class TestCodes:
    def test_are_the_documented_ones(self) -> None:
        declared = {
            error.code: error.status
            for error in vars(errors).values()
            if isinstance(error, type) and issubclass(error, PortalError) and error is not PortalError
        }

        assert declared == CODES


class TestTranslate:
    @pytest.mark.parametrize(
        ("raised", "code", "status"),
        [
            (errors.NotFound(), "not_found", 404),
            (NotFoundException(), "not_found", 404),
            (MethodNotAllowedException(), "method_not_allowed", 405),
            (HTTPException(status_code=413), "body_too_large", 413),
            (HTTPException(status_code=418), "invalid_request", 400),
            (AccountUnavailable(7), "source_unavailable", 503),
            (SalesforceUnavailable("timeout"), "source_unavailable", 503),
            (OutcomeUnknown("no answer"), "source_unavailable", 503),
            (CacheUnavailable("away"), "service_unavailable", 503),
            (InternalServerException("canary"), "internal_error", 500),
            (ZeroDivisionError("canary"), "internal_error", 500),
        ],
    )
    def test_tells_status_and_code(self, raised: Exception, code: str, status: int) -> None:
        told = translate(raised)

        assert (told.code, told.status) == (code, status)
        assert "canary" not in told.sentence

    def test_passes_on_how_long_salesforce_wants_to_be_left_alone(self) -> None:
        assert translate(AccountUnavailable(7)).retry_after_s == 7

    def test_drops_the_frameworks_sentence_that_repeats_the_address(self) -> None:
        extra: Any = [{"message": "Expected `int`, got `str`", "key": "limit", "source": "query"}]
        raised = ValidationException("Validation failed for GET /customers?phone=canary", extra=extra)

        assert translate(raised).sentence == "`limit` is not valid: Expected `int`, got `str`."


class TestDescribeMistake:
    @pytest.mark.parametrize(
        "message",
        ["Invalid enum value 'canary'", "Object contains unknown field `canary`"],
    )
    def test_keeps_values_to_itself(self, message: str) -> None:
        assert "canary" not in describe_mistake(message, "kind")


class TestProblems:
    def test_gathers_the_codes_of_one_status(self) -> None:
        described = problems(errors.Forbidden, errors.CsrfFailed, errors.NotFound)

        assert set(described) == {403, 404}
        assert described[403].description == "Forbidden: forbidden, csrf_failed"
        assert described[403].media_type == "application/problem+json"
