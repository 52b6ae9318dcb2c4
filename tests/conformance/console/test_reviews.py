"""The reviewer's pages over HTTP: the queue, a Case, the decision and its refusals."""

import httpx
import pytest

from sf_sync.emulator.app import Emulator
from sf_sync.emulator.console.reviews import UI_ORIGIN
from tests.conformance.console.reviews import get_account, open_review

pytestmark = pytest.mark.asyncio

APPROVAL = {"decision": "approve", "result": "Home", "notes": ""}
REJECTION = {"decision": "reject", "result": "", "notes": "No line in this street."}


class TestQueue:
    async def test_stands_behind_the_bare_address(self, browser: httpx.AsyncClient) -> None:
        answer = await browser.get("/")

        assert answer.status_code == 303
        assert answer.headers["location"] == "/console"

    async def test_says_so_when_nobody_waits(self, browser: httpx.AsyncClient) -> None:
        page = (await browser.get("/console")).text

        assert "The queue is empty" in page
        assert "No decision yet" in page

    async def test_shows_who_waits_for_what_and_where(self, browser: httpx.AsyncClient, case_id: str) -> None:
        page = (await browser.get("/console")).text

        assert f'<a class="row-link" href="/console/cases/{case_id}">Hana Sato</a>' in page
        assert "Sakura Heights 302" in page
        assert "NET-HOME-1G" in page

    async def test_shows_the_oldest_first(
        self, browser: httpx.AsyncClient, emulator: Emulator, case_id: str
    ) -> None:
        open_review(emulator.org, "Kenji Mori")

        page = (await browser.get("/console")).text

        assert page.index("Hana Sato") < page.index("Kenji Mori")

    async def test_shows_no_case_of_another_kind(
        self, browser: httpx.AsyncClient, emulator: Emulator
    ) -> None:
        with emulator.org.transaction(user_id="") as transaction:
            account_id = transaction.insert("Account", {"Name": "Omar Hashimi"})
            transaction.insert("Case", {"AccountId": account_id, "Subject": "Broken router"})

        assert "Omar Hashimi" not in (await browser.get("/console")).text

    async def test_escapes_what_customers_wrote(self, browser: httpx.AsyncClient, case_id: str) -> None:
        for path in ("/console", f"/console/cases/{case_id}"):
            page = (await browser.get(path)).text
            assert "<b>please</b>" not in page
            assert "&lt;b&gt;please&lt;/b&gt;" in page


class TestCase:
    async def test_offers_the_results_of_the_picklist(self, browser: httpx.AsyncClient, case_id: str) -> None:
        page = (await browser.get(f"/console/cases/{case_id}")).text

        for result in ("Home", "Apartment", "Office"):
            assert f"<option>{result}</option>" in page

    async def test_warns_when_the_account_refers_to_another_case(
        self, browser: httpx.AsyncClient, emulator: Emulator, case_id: str
    ) -> None:
        account_id = str(get_account(emulator.org, case_id)["Id"])
        with emulator.org.transaction(user_id="") as transaction:
            other = {"Internet_Eligibility_Case_Id__c": "500Dp0000009999IAA"}
            transaction.update("Account", account_id, other)

        assert "Superseded" in (await browser.get(f"/console/cases/{case_id}")).text

    @pytest.mark.parametrize("path", ["/console/cases/500000000000000AAA", "/console/nothing", "/elsewhere"])
    async def test_is_not_found_under_another_id(self, browser: httpx.AsyncClient, path: str) -> None:
        answer = await browser.get(path)

        assert answer.status_code == 404
        assert "Back to the reviews" in answer.text


class TestDecision:
    async def test_approves_with_the_result_and_confirms_it(
        self, browser: httpx.AsyncClient, emulator: Emulator, case_id: str
    ) -> None:
        answer = await browser.post(
            f"/console/cases/{case_id}/decision", data=APPROVAL, follow_redirects=True
        )

        account = get_account(emulator.org, case_id)
        assert account["Internet_Eligibility_Status__c"] == "Eligible"
        assert account["Internet_Eligibility__c"] == "Home"
        assert "Approved: Hana Sato" in answer.text
        assert "The queue is empty" in answer.text

    async def test_rejects_with_the_notes(
        self, browser: httpx.AsyncClient, emulator: Emulator, case_id: str
    ) -> None:
        answer = await browser.post(f"/console/cases/{case_id}/decision", data=REJECTION)

        account = get_account(emulator.org, case_id)
        assert answer.status_code == 303
        assert account["Internet_Eligibility_Status__c"] == "Ineligible"
        assert account["Internet_Eligibility_Notes__c"] == "No line in this street."

    async def test_is_a_change_made_by_the_reviewer_in_the_pages_of_salesforce(
        self, browser: httpx.AsyncClient, emulator: Emulator, case_id: str
    ) -> None:
        await browser.post(f"/console/cases/{case_id}/decision", data=APPROVAL)

        commit = emulator.org.commits[-1]
        user = emulator.org.get("User", commit.user_id)
        assert commit.origin == UI_ORIGIN
        assert user["Username"] == "reviewer@portal.example"

    @pytest.mark.parametrize(
        ("form", "sentence"),
        [
            ({"decision": "approve"}, "Choose a result before you approve."),
            ({"decision": "reject", "notes": "   "}, "Say in the notes why before you reject."),
        ],
    )
    async def test_needs_a_result_or_a_reason(
        self,
        browser: httpx.AsyncClient,
        emulator: Emulator,
        case_id: str,
        form: dict[str, str],
        sentence: str,
    ) -> None:
        answer = await browser.post(f"/console/cases/{case_id}/decision", data=form)

        assert answer.status_code == 422
        assert sentence in answer.text
        assert 'role="alert"' in answer.text
        assert get_account(emulator.org, case_id)["Internet_Eligibility_Status__c"] == "Pending"

    async def test_keeps_what_was_typed_when_something_is_missing(
        self, browser: httpx.AsyncClient, case_id: str
    ) -> None:
        form = {"decision": "approve", "notes": "Third floor"}

        answer = await browser.post(f"/console/cases/{case_id}/decision", data=form)

        assert ">Third floor</textarea>" in answer.text

    async def test_is_refused_when_somebody_was_quicker(
        self, browser: httpx.AsyncClient, emulator: Emulator, case_id: str
    ) -> None:
        await browser.post(f"/console/cases/{case_id}/decision", data=APPROVAL)

        answer = await browser.post(f"/console/cases/{case_id}/decision", data=REJECTION)

        assert answer.status_code == 409
        assert get_account(emulator.org, case_id)["Internet_Eligibility_Status__c"] == "Eligible"

    async def test_is_refused_when_salesforce_would_refuse_it(
        self, browser: httpx.AsyncClient, emulator: Emulator, case_id: str
    ) -> None:
        form = {"decision": "reject", "notes": "x" * 4_001}

        answer = await browser.post(f"/console/cases/{case_id}/decision", data=form)

        assert answer.status_code == 422
        assert get_account(emulator.org, case_id)["Internet_Eligibility_Status__c"] == "Pending"

    async def test_stays_readable_on_the_case(self, browser: httpx.AsyncClient, case_id: str) -> None:
        await browser.post(f"/console/cases/{case_id}/decision", data=REJECTION)

        page = (await browser.get(f"/console/cases/{case_id}")).text

        assert "No line in this street." in page
        assert "Approve" not in page

    @pytest.mark.parametrize(
        "headers",
        [
            {"sec-fetch-site": "cross-site"},
            {"sec-fetch-site": "same-site"},
            {"origin": "https://evil.example"},
            {"origin": "null"},
        ],
    )
    async def test_is_not_taken_from_another_site(
        self, browser: httpx.AsyncClient, emulator: Emulator, case_id: str, headers: dict[str, str]
    ) -> None:
        answer = await browser.post(f"/console/cases/{case_id}/decision", data=APPROVAL, headers=headers)

        assert answer.status_code == 403
        assert get_account(emulator.org, case_id)["Internet_Eligibility_Status__c"] == "Pending"

    async def test_is_taken_from_the_own_page(self, browser: httpx.AsyncClient, case_id: str) -> None:
        headers = {"sec-fetch-site": "same-origin", "origin": "http://localhost:8100"}

        answer = await browser.post(f"/console/cases/{case_id}/decision", data=APPROVAL, headers=headers)

        assert answer.status_code == 303

    async def test_needs_a_form_of_bearable_size(self, browser: httpx.AsyncClient, case_id: str) -> None:
        path = f"/console/cases/{case_id}/decision"

        assert (await browser.post(path, json=APPROVAL)).status_code == 415
        assert (await browser.post(path, data={"notes": "x" * 70_000})).status_code == 413
        assert (await browser.post(path, data={"decision": "maybe"})).status_code == 400
        assert (await browser.put(path)).status_code == 405


class TestStyleSheet:
    async def test_is_served_by_the_console_and_may_be_kept(self, browser: httpx.AsyncClient) -> None:
        page = (await browser.get("/console")).text
        path = page.partition('rel="stylesheet" href="')[2].partition('"')[0]

        answer = await browser.get(path)

        assert answer.headers["content-type"].startswith("text/css")
        assert "immutable" in answer.headers["cache-control"]

    async def test_is_all_that_a_page_may_load(self, browser: httpx.AsyncClient) -> None:
        answer = await browser.get("/console")

        assert "default-src 'none'; style-src 'self'" in answer.headers["content-security-policy"]
        assert "<script" not in answer.text
