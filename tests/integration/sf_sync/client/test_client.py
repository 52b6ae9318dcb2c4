"""The client on the emulator: sign-in, paging, rows, lost answers."""

import asyncio

import httpx
import pytest

from sf_sync.client import SalesforceClient, Subrequest
from sf_sync.client.breaker import Breaker
from sf_sync.emulator.app import Emulator
from sf_sync.errors import (
    AnswerMalformed,
    OutcomeUnknown,
    RequestLimitReached,
    SalesforceRefused,
    SalesforceUnavailable,
    SessionExpired,
)
from sf_sync.settings import SalesforceSettings
from tests.integration.sf_sync.conftest import MakeAccounts
from tests.integration.sf_sync.org import count_sign_ins, list_calls

pytestmark = pytest.mark.asyncio

PATIENT_S = 60.0


async def read_limits(client: SalesforceClient) -> None:
    await client.request("GET", "limits", idempotent=True, timeout_s=PATIENT_S)


class TestSession:
    async def test_of_500_calls_is_renewed_once(
        self, emulator: Emulator, salesforce_client: SalesforceClient
    ) -> None:
        await read_limits(salesforce_client)
        emulator.sessions.revoke_all()
        emulator.journal.clear()

        await asyncio.gather(*(read_limits(salesforce_client) for _ in range(500)))

        assert count_sign_ins(emulator) == 1

    async def test_of_500_first_calls_is_opened_once(
        self, emulator: Emulator, salesforce_client: SalesforceClient
    ) -> None:
        await asyncio.gather(*(read_limits(salesforce_client) for _ in range(500)))

        assert count_sign_ins(emulator) == 1

    async def test_that_is_refused_for_ever_makes_no_loop(
        self, emulator: Emulator, salesforce_client: SalesforceClient
    ) -> None:
        emulator.faults.change({"expired_session": True})

        outcomes = await asyncio.gather(
            *(read_limits(salesforce_client) for _ in range(50)), return_exceptions=True
        )

        assert {type(outcome) for outcome in outcomes} == {SessionExpired}
        assert count_sign_ins(emulator) == 1

    async def test_for_the_stream_is_renewed_with_that_of_the_calls(
        self, emulator: Emulator, salesforce_client: SalesforceClient
    ) -> None:
        await read_limits(salesforce_client)
        old, _, org_id = await salesforce_client.access_token()
        emulator.sessions.revoke_all()
        emulator.journal.clear()

        new, _, _ = await salesforce_client.renew_token(old)
        await read_limits(salesforce_client)

        assert new != old
        assert org_id == emulator.org.org_id
        assert count_sign_ins(emulator) == 1


class TestQuery:
    async def test_reads_all_pages(
        self, salesforce_client: SalesforceClient, make_accounts: MakeAccounts, emulator: Emulator
    ) -> None:
        made = make_accounts(4_100, Site="page test")
        emulator.journal.clear()

        rows = await salesforce_client.query(
            "SELECT Id FROM Account WHERE Site = 'page test' ORDER BY Id", timeout_s=PATIENT_S
        )

        assert len(rows) == 4_100
        assert {row["Id"] for row in rows} == set(made)
        assert len(list_calls(emulator)) == 3

    async def test_shows_the_recycle_bin_when_asked(
        self, salesforce_client: SalesforceClient, make_accounts: MakeAccounts, emulator: Emulator
    ) -> None:
        [account_id] = make_accounts()
        with emulator.org.transaction(user_id=emulator.org.get("Account", account_id)["CreatedById"]) as gone:
            gone.delete("Account", account_id)
        soql = f"SELECT Id FROM Account WHERE Id = '{account_id}'"

        assert await salesforce_client.query(soql) == []
        assert len(await salesforce_client.query(soql, deleted=True)) == 1


class TestReadRows:
    async def test_takes_two_thousand_in_one_call(
        self, salesforce_client: SalesforceClient, make_accounts: MakeAccounts, emulator: Emulator
    ) -> None:
        made = make_accounts(2_000)
        emulator.journal.clear()

        rows = await salesforce_client.read_rows("Account", made, ["Id", "Name"], timeout_s=PATIENT_S)

        assert list(rows) == made
        assert list_calls(emulator) == ["POST /services/data/v66.0/composite/sobjects/Account"]

    async def test_tells_missing_rows(
        self, salesforce_client: SalesforceClient, make_accounts: MakeAccounts
    ) -> None:
        [account_id] = make_accounts()
        missing = "001000000000zzzAAA"

        rows = await salesforce_client.read_rows("Account", [missing, account_id], ["Id"])

        assert rows[missing] is None
        assert rows[account_id] is not None

    @pytest.mark.parametrize(
        ("fault", "kind"),
        [
            ("html_error", SalesforceUnavailable),
            ("unavailable", SalesforceUnavailable),
            ("empty_body", AnswerMalformed),
            ("wrong_account_id", AnswerMalformed),
            ("request_limit", RequestLimitReached),
            ("cut_before", SalesforceUnavailable),
            ("cut_after_commit", SalesforceUnavailable),
        ],
    )
    async def test_believes_nothing_odd(
        self,
        salesforce_client: SalesforceClient,
        make_accounts: MakeAccounts,
        emulator: Emulator,
        fault: str,
        kind: type[Exception],
    ) -> None:
        made = make_accounts(2)
        emulator.faults.change({fault: True})

        with pytest.raises(kind):
            await salesforce_client.read_rows("Account", made, ["Id"], timeout_s=0.2)

    async def test_tries_again_after_a_passing_outage(
        self, salesforce_client: SalesforceClient, make_accounts: MakeAccounts, emulator: Emulator
    ) -> None:
        made = make_accounts(2)
        emulator.faults.change({"unavailable": True, "times": 1})

        rows = await salesforce_client.read_rows("Account", made, ["Id"], timeout_s=5.0)

        assert len(rows) == 2


class TestWrite:
    @pytest.mark.parametrize(
        ("fault", "written"), [("cut_before", 0), ("cut_after_commit", 1), ("empty_body", 1)]
    )
    async def test_whose_answer_is_lost_is_unknown(
        self, salesforce_client: SalesforceClient, emulator: Emulator, fault: str, written: int
    ) -> None:
        await read_limits(salesforce_client)
        emulator.faults.change({fault: True})
        create = Subrequest(
            method="POST",
            path="sobjects/Account",
            reference_id="a",
            body={"Name": "Only once", "Site": fault},
        )

        with pytest.raises(OutcomeUnknown):
            await salesforce_client.composite([create])

        assert len(list(emulator.org.select("Account", lambda row: row.get("Site") == fault))) == written

    async def test_that_is_refused_tells_code_and_fields(self, salesforce_client: SalesforceClient) -> None:
        with pytest.raises(SalesforceRefused) as refusal:
            await salesforce_client.request("POST", "sobjects/Account", json={}, idempotent=False)

        assert refusal.value.code == "REQUIRED_FIELD_MISSING"
        assert refusal.value.fields == ("Name",)


class TestBudget:
    async def test_is_read_from_the_answers(
        self, emulator: Emulator, salesforce_client: SalesforceClient
    ) -> None:
        await read_limits(salesforce_client)
        used = salesforce_client.budget.used
        await read_limits(salesforce_client)

        assert salesforce_client.budget.used == used + 1
        assert salesforce_client.budget.limit == emulator.settings.daily_api_requests


class TestBreaker:
    async def test_opens_and_recovers(
        self, salesforce_client: SalesforceClient, emulator: Emulator, emulator_transport: httpx.ASGITransport
    ) -> None:
        await read_limits(salesforce_client)
        emulator.faults.change({"html_error": True})
        for _ in range(3):
            with pytest.raises(SalesforceUnavailable):
                await salesforce_client.request("GET", "limits", idempotent=True, timeout_s=0.1)
        emulator.journal.clear()

        with pytest.raises(SalesforceUnavailable) as refusal:
            await read_limits(salesforce_client)

        assert salesforce_client.breaker_state == "open"
        assert list_calls(emulator) == []
        assert refusal.value.retry_after_s is not None


class TestOutage:
    async def test_gets_a_tenth_more_calls_at_most(
        self,
        emulator: Emulator,
        salesforce_settings: SalesforceSettings,
        emulator_transport: httpx.ASGITransport,
    ) -> None:
        # Without the breaker, so that the budget of retries alone holds them back.
        client = SalesforceClient(
            salesforce_settings, transport=emulator_transport, breaker=Breaker(failures_to_open=10_000)
        )
        await client.open()
        await read_limits(client)
        emulator.faults.change({"unavailable": True})
        emulator.journal.clear()

        outcomes = await asyncio.gather(
            *(client.request("GET", "limits", idempotent=True, timeout_s=5.0) for _ in range(300)),
            return_exceptions=True,
        )
        await client.close()

        assert {type(outcome) for outcome in outcomes} == {SalesforceUnavailable}
        # A process may spend three retries before it has earned them.
        assert 300 < len(emulator.journal.calls) <= 300 + 30 + 3
