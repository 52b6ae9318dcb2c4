"""The OpenAPI document is true: generated calls, fit and unfit, get documented answers and never a 5xx."""

from contextlib import suppress
from typing import Any

import pytest
import schemathesis
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis.errors import Unsatisfiable
from schemathesis.checks import CHECKS, load_all_checks
from schemathesis.generation import GenerationMode
from schemathesis.generation.case import Case

from tests.fixtures.portal import ORIGIN, Portal

pytestmark = pytest.mark.asyncio

LEFT_OUT = {"/api/status/stream", "/api/verification/id", "/api/verification/id/check"}
"""An endless answer, and uploads that are read as they come; they have tests of their own."""


def list_operations(document: dict[str, Any]) -> list[Any]:
    schema = schemathesis.openapi.from_dict(document)
    # 422 is our word for a right form whose content no schema can rule out, such as a number that nobody has.
    acceptance = schema.config.checks.positive_data_acceptance
    acceptance.expected_statuses = [*acceptance.expected_statuses, "422"]
    return [found.ok() for found in schema.get_all_operations() if found.ok().path not in LEFT_OUT]


def draw_cases(operation: Any, mode: GenerationMode, most: int) -> list[Case]:
    """Drawn before they are sent, because the generator is synchronous and the portal lives in this loop."""
    cases: list[Case] = []

    @settings(
        max_examples=most,
        database=None,
        deadline=None,
        derandomize=True,
        phases=[Phase.generate],
        suppress_health_check=list(HealthCheck),
    )
    @given(case=operation.as_strategy(generation_mode=mode))
    def collect(case: Case) -> None:
        cases.append(case)

    # An operation that takes nothing cannot be called wrongly.
    with suppress(Unsatisfiable):
        collect()
    return cases


def as_javascript_sends(body: Any) -> Any:
    """JSON Schema takes 12.0 for an integer and so does the generator; browsers write 12, and we want that."""
    match body:
        case float() if body.is_integer():
            return int(body)
        case list():
            return [as_javascript_sends(item) for item in body]
        case dict():
            return {name: as_javascript_sends(item) for name, item in body.items()}
    return body


def list_checks() -> list[Any]:
    load_all_checks()
    # This one sends requests of its own, to an address where nobody listens; `identity/test_routes` asks that better.
    return [check for check in CHECKS.get_all() if check.__name__ != "ignored_auth"]


class TestContract:
    @pytest.mark.parametrize("each", [15, pytest.param(100, marks=pytest.mark.soak)])
    @pytest.mark.parametrize("mode", [GenerationMode.POSITIVE, GenerationMode.NEGATIVE])
    async def test_holds_for_generated_calls(self, portal: Portal, mode: GenerationMode, each: int) -> None:
        checks, sent = list_checks(), 0
        async with portal.signed_in() as hana:
            document = (await hana.get("/schema/openapi.json")).json()
            for operation in list_operations(document):
                for case in draw_cases(operation, mode, each):
                    if case.path == "/api/auth/logout":
                        continue
                    case.body = as_javascript_sends(case.body)
                    arguments = case.as_transport_kwargs(base_url=ORIGIN)
                    arguments = {
                        name: value for name, value in arguments.items() if name not in ("cookies", "verify")
                    }
                    if isinstance(arguments.get("data"), bytes | str):
                        arguments["content"] = arguments.pop("data")
                    answer = await hana.request(**arguments)
                    case.validate_response(answer, checks=checks)
                    sent += 1

        assert sent > 100

    async def test_closes_what_refuses_unknown_fields(self, portal: Portal) -> None:
        async with portal.connect() as client:
            schemas = (await client.get("/schema/openapi.json")).json()["components"]["schemas"]

        assert schemas["DevLogin"]["additionalProperties"] is False
        assert "additionalProperties" not in schemas["Problem"]

    async def test_says_which_calls_need_a_caller(self, portal: Portal) -> None:
        async with portal.connect() as client:
            paths = (await client.get("/schema/openapi.json")).json()["paths"]

        assert paths["/api/auth/session"]["get"]["security"] == [{"session": []}, {"bearer": []}]
        assert "security" not in paths["/health/live"]["get"]

    @pytest.mark.parametrize("path", ["/api/verification/id", "/api/verification/id/check"])
    async def test_says_how_a_document_is_sent(self, portal: Portal, path: str) -> None:
        async with portal.connect() as client:
            upload = (await client.get("/schema/openapi.json")).json()["paths"][path]["post"]

        assert upload["requestBody"]["required"] is True
        sent = upload["requestBody"]["content"]["multipart/form-data"]["schema"]
        assert sent["required"] == ["file"]
        assert set(sent["properties"]) == {"file", "sendAnyway"}
        assert {"408", "409", "413", "415", "422", "429"} <= set(upload["responses"])
