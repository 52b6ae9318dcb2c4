"""Every answer that the one composite may get, and what the verb makes of it."""

from collections.abc import AsyncIterator
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

import httpx
import msgspec
import pytest
import pytest_asyncio
import respx

from sf_sync.client import SalesforceClient
from sf_sync.errors import (
    DuplicateValue,
    OutcomeUnknown,
    RowLocked,
    SalesforceError,
    SalesforceMisconfigured,
    SalesforceRefused,
    SalesforceUnavailable,
    ServerFault,
    TransactionHalted,
)
from sf_sync.objects.account import EligibilityFacts, EligibilityStatus, get_account_fields
from sf_sync.objects.case import OpenEligibilityCase
from sf_sync.salesforce import CaseOpened, CaseSuperseded, Salesforce
from sf_sync.settings import AccountFieldNames, SalesforceSettings, Secret

URL = "https://acme.my.salesforce.com"
NAMES = AccountFieldNames()
ACCOUNT_ID = "001p00000000abcAAA"
CASE_ID = "500p00000000abcAAA"
OTHER_CASE_ID = "500p00000000xyzAAA"
RECORD_TYPE_ID = "012p00000000abcAAA"
AT = datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)
COMMAND = OpenEligibilityCase(
    request_id=UUID("0197a8e0-0000-7000-8000-000000000001"),
    account_id=ACCOUNT_ID,
    expected=EligibilityFacts(status=EligibilityStatus.NOT_REQUESTED),
    requested_at=AT,
    service_address="1-2-3 Aoba, Sendai",
    notes="ring @{guard.records[0].Id}",
)
AFTER_REFUSAL = EligibilityFacts(status=EligibilityStatus.INELIGIBLE, requested_at=AT, case_id=CASE_ID)

pytestmark = pytest.mark.asyncio


class Org:
    """Answers composites from a script and remembers what it was asked. A missing answer fails the test."""

    def __init__(self) -> None:
        self.script: list[Any] = []
        self.composites: list[dict[str, Any]] = []

    def answer(self, request: httpx.Request) -> httpx.Response:
        asked = msgspec.json.decode(request.content)
        self.composites.append(asked)
        answer = self.script.pop(0)
        if isinstance(answer, httpx.Response):
            return answer
        if callable(answer):
            return httpx.Response(200, json=answer(asked))
        steps = [
            make_step(step["referenceId"], *answer[step["referenceId"]]) for step in asked["compositeRequest"]
        ]
        return httpx.Response(200, json={"compositeResponse": steps})

    def get_steps(self, number: int) -> dict[str, dict[str, Any]]:
        return {step["referenceId"]: step for step in self.composites[number]["compositeRequest"]}


def make_step(reference_id: str, status: int, body: Any) -> dict[str, Any]:
    return {"referenceId": reference_id, "httpStatusCode": status, "httpHeaders": {}, "body": body}


def make_rows(*rows: dict[str, Any]) -> tuple[int, Any]:
    return 200, {"totalSize": len(rows), "done": True, "records": list(rows)}


def make_failure(code: str, message: str = "", status: int = 400) -> tuple[int, Any]:
    return status, [{"errorCode": code, "message": message}]


def make_account(**values: Any) -> dict[str, Any]:
    row: dict[str, Any] = dict.fromkeys(get_account_fields(NAMES))
    row |= {"Id": ACCOUNT_ID, "SystemModstamp": "2026-01-02T03:04:05.000+0000"}
    return row | {getattr(NAMES, name): value for name, value in values.items()}


HALT = make_failure("PROCESSING_HALTED", "The transaction was rolled back since …")
NO_VALUE = make_failure(
    "PROCESSING_HALTED", "Invalid reference specified. No value for guard.records[0].Id found in guard"
)
FOUND = make_rows({"Id": ACCOUNT_ID})
OPENED: dict[str, tuple[int, Any]] = {
    "recordType": make_rows({"Id": RECORD_TYPE_ID}),
    "guard": FOUND,
    "case": (201, {"id": CASE_ID, "success": True, "errors": [], "created": True}),
    "recheck": FOUND,
    "account": (204, None),
}
HALTED: dict[str, tuple[int, Any]] = {
    "recordType": HALT,
    "guard": HALT,
    "case": NO_VALUE,
    "recheck": HALT,
    "account": HALT,
}


def make_look(*, case_id: str | None = None, **account: Any) -> dict[str, tuple[int, Any]]:
    opened = {
        "Id": case_id,
        "AccountId": ACCOUNT_ID,
        "CreatedDate": "2026-01-02T03:04:05.000+0000",
        "IsClosed": False,
    }
    return {
        "case": make_rows(opened) if case_id else make_rows(),
        "account": make_rows(make_account(**account)),
        "recordType": make_rows({"Id": RECORD_TYPE_ID}),
    }


@pytest.fixture
def org() -> Org:
    return Org()


@pytest_asyncio.fixture
async def salesforce(org: Org) -> AsyncIterator[Salesforce]:
    router = respx.MockRouter(assert_all_called=False)
    router.post(f"{URL}/services/oauth2/token").respond(
        json={"access_token": "00Dp00000000abc!x", "instance_url": URL}
    )
    router.post(f"{URL}/services/data/v66.0/composite").mock(side_effect=org.answer)
    settings = SalesforceSettings(url=URL, login_url=URL, client_id="x", client_secret=Secret("y"))
    client = SalesforceClient(settings, transport=httpx.MockTransport(router.async_handler))
    await client.open()
    yield Salesforce(client)
    await client.close()


class TestOpening:
    async def test_is_one_call(self, org: Org, salesforce: Salesforce) -> None:
        org.script = [OPENED]

        outcome = await salesforce.open_eligibility_case(COMMAND)

        assert outcome == CaseOpened(case_id=CASE_ID, is_new=True)
        assert org.composites[0]["allOrNone"] is True
        assert org.composites[0]["collateSubrequests"] is False
        assert list(org.get_steps(0)) == ["recordType", "guard", "case", "recheck", "account"]

    async def test_hangs_the_case_and_the_change_on_the_guard(self, org: Org, salesforce: Salesforce) -> None:
        org.script = [OPENED]

        await salesforce.open_eligibility_case(COMMAND)

        steps = org.get_steps(0)
        assert steps["case"]["url"].endswith(f"/sobjects/Case/Portal_Request_Id__c/{COMMAND.request_id}")
        assert steps["case"]["body"]["AccountId"] == "@{guard.records[0].Id}"
        assert steps["case"]["body"]["RecordTypeId"] == "@{recordType.records[0].Id}"
        assert steps["account"]["url"].endswith("/sobjects/Account/@{recheck.records[0].Id}")
        assert steps["account"]["body"][NAMES.eligibility_case_id] == "@{case.id}"
        assert steps["guard"]["url"] == steps["recheck"]["url"]

    async def test_takes_the_meaning_out_of_references_in_notes(
        self, org: Org, salesforce: Salesforce
    ) -> None:
        org.script = [OPENED]

        await salesforce.open_eligibility_case(COMMAND)

        assert org.get_steps(0)["case"]["body"]["Portal_Notes__c"] == "ring @ {guard.records[0].Id}"

    async def test_asks_for_the_record_type_once(self, org: Org, salesforce: Salesforce) -> None:
        org.script = [OPENED, OPENED]

        for _ in range(2):
            await salesforce.open_eligibility_case(COMMAND)

        assert "recordType" not in org.get_steps(1)
        assert org.get_steps(1)["case"]["body"]["RecordTypeId"] == RECORD_TYPE_ID

    async def test_asks_again_when_the_record_type_is_another_orgs(
        self, org: Org, salesforce: Salesforce
    ) -> None:
        wrong = dict.fromkeys(OPENED, HALT) | {"case": make_failure("INVALID_CROSS_REFERENCE_KEY")}
        org.script = [OPENED, wrong, OPENED]

        for _ in range(2):
            assert isinstance(await salesforce.open_eligibility_case(COMMAND), CaseOpened)

        assert "recordType" in org.get_steps(2)

    async def test_that_an_earlier_delivery_did_says_so(self, org: Org, salesforce: Salesforce) -> None:
        org.script = [OPENED | {"case": (200, {"id": CASE_ID, "success": True, "created": False})}]

        assert await salesforce.open_eligibility_case(COMMAND) == CaseOpened(case_id=CASE_ID, is_new=False)

    @pytest.mark.parametrize(
        "status", [EligibilityStatus.PENDING, EligibilityStatus.ELIGIBLE, EligibilityStatus.UNKNOWN]
    )
    async def test_starts_from_no_other_state(
        self, org: Org, salesforce: Salesforce, status: EligibilityStatus
    ) -> None:
        command = msgspec.structs.replace(COMMAND, expected=EligibilityFacts(status=status))

        with pytest.raises(ValueError, match="pending"):
            await salesforce.open_eligibility_case(command)

        assert org.composites == []


class TestHaltedGuard:
    async def test_finds_the_case_of_a_lost_answer(self, org: Org, salesforce: Salesforce) -> None:
        org.script = [HALTED, make_look(case_id=CASE_ID, eligibility_status="Pending")]

        assert await salesforce.open_eligibility_case(COMMAND) == CaseOpened(case_id=CASE_ID, is_new=False)

    @pytest.mark.parametrize("status", ["Pending", "Eligible", "Ineligible", "Something New"])
    async def test_gives_way_to_another_state(self, org: Org, salesforce: Salesforce, status: str) -> None:
        org.script = [HALTED, make_look(eligibility_status=status)]

        outcome = await salesforce.open_eligibility_case(COMMAND)

        assert isinstance(outcome, CaseSuperseded)
        assert len(org.composites) == 2

    async def test_gives_way_when_the_account_is_gone(self, org: Org, salesforce: Salesforce) -> None:
        org.script = [HALTED, make_look() | {"account": make_rows()}]

        assert await salesforce.open_eligibility_case(COMMAND) == CaseSuperseded(facts=None)

    async def test_plans_anew_when_only_the_request_time_differs(
        self, org: Org, salesforce: Salesforce
    ) -> None:
        look = make_look(eligibility_requested_at="2025-12-01T00:00:00.000+0000")
        org.script = [HALTED, look, OPENED]

        outcome = await salesforce.open_eligibility_case(COMMAND)

        assert outcome == CaseOpened(case_id=CASE_ID, is_new=True)
        assert NAMES.eligibility_requested_at in org.get_steps(0)["account"]["body"]
        assert NAMES.eligibility_requested_at not in org.get_steps(2)["account"]["body"]

    async def test_gives_way_to_another_refusal(self, org: Org, salesforce: Salesforce) -> None:
        command = msgspec.structs.replace(COMMAND, expected=AFTER_REFUSAL)
        org.script = [HALTED, make_look(eligibility_status="Ineligible", eligibility_case_id=OTHER_CASE_ID)]

        outcome = await salesforce.open_eligibility_case(command)

        assert isinstance(outcome, CaseSuperseded)
        assert outcome.facts is not None
        assert outcome.facts.eligibility.case_id == OTHER_CASE_ID

    async def test_plans_anew_once_only(self, org: Org, salesforce: Salesforce) -> None:
        org.script = [HALTED, make_look(), HALTED]

        with pytest.raises(TransactionHalted) as halt:
            await salesforce.open_eligibility_case(COMMAND)

        assert halt.value.retryable

    async def test_is_told_from_a_missing_record_type(self, org: Org, salesforce: Salesforce) -> None:
        org.script = [HALTED, make_look() | {"recordType": make_rows()}]

        with pytest.raises(SalesforceMisconfigured, match=r"Case\.Internet_Eligibility"):
            await salesforce.open_eligibility_case(COMMAND)


class TestDuplicate:
    TAKEN = dict.fromkeys(OPENED, HALT) | {
        "case": make_failure("DUPLICATE_VALUE", f"duplicate value found: … record with id: {CASE_ID}")
    }

    async def test_of_our_request_is_a_success_of_another_try(self, org: Org, salesforce: Salesforce) -> None:
        org.script = [self.TAKEN, make_look(case_id=CASE_ID, eligibility_status="Pending")]

        assert await salesforce.open_eligibility_case(COMMAND) == CaseOpened(case_id=CASE_ID, is_new=False)

    async def test_of_something_else_is_refused(self, org: Org, salesforce: Salesforce) -> None:
        org.script = [self.TAKEN, make_look(), self.TAKEN]

        with pytest.raises(DuplicateValue):
            await salesforce.open_eligibility_case(COMMAND)


class TestOtherAnswers:
    @pytest.mark.parametrize(
        ("failure", "kind"),
        [
            (make_failure("UNABLE_TO_LOCK_ROW"), RowLocked),
            (make_failure("STRING_TOO_LONG"), SalesforceRefused),
            (make_failure("FIELD_CUSTOM_VALIDATION_EXCEPTION"), SalesforceRefused),
            (make_failure("SOME_NEW_CODE"), SalesforceRefused),
            (make_failure("SERVER_UNAVAILABLE", status=503), SalesforceUnavailable),
            (make_failure("UNKNOWN_EXCEPTION", status=500), ServerFault),
            ((300, ["/services/data/v66.0/sobjects/Case/a", "…b"]), SalesforceRefused),
            ((400, None), SalesforceRefused),
            ((400, "text"), SalesforceRefused),
        ],
    )
    async def test_have_each_an_outcome(
        self, org: Org, salesforce: Salesforce, failure: tuple[int, Any], kind: type[SalesforceError]
    ) -> None:
        org.script = [dict.fromkeys(OPENED, HALT) | {"case": failure}]

        with pytest.raises(kind) as refusal:
            await salesforce.open_eligibility_case(COMMAND)

        assert type(refusal.value) is kind
        assert len(org.composites) == 1

    @pytest.mark.parametrize(
        "answer",
        [
            OPENED | {"case": (201, {})},
            OPENED | {"case": (201, None)},
            OPENED | {"case": (201, {"id": ACCOUNT_ID})},
            OPENED | {"recordType": (200, None)},
            OPENED | {"account": HALT},
            httpx.Response(200, content=b'{"compositeResponse":[{"body":'),
            httpx.Response(200, html="<html>"),
            httpx.Response(200, content=b""),
            httpx.Response(502, html="<html>Bad gateway</html>"),
            lambda asked: {"compositeResponse": []},
            lambda asked: {"compositeResponse": [make_step("guard", 200, None)]},
        ],
    )
    async def test_that_leave_it_open_are_unknown(
        self, org: Org, salesforce: Salesforce, answer: Any
    ) -> None:
        org.script = [answer]

        with pytest.raises(OutcomeUnknown):
            await salesforce.open_eligibility_case(COMMAND)

        assert len(org.composites) == 1
