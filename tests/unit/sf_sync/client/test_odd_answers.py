"""Single odd answers through the whole client. What takes several calls is tested against the emulator."""

from collections.abc import AsyncIterator

import httpx
import pytest
import pytest_asyncio
import respx

from sf_sync.client import Lane, SalesforceClient, Subrequest
from sf_sync.errors import (
    AnswerMalformed,
    LoginRefused,
    OutcomeUnknown,
    RequestLimitReached,
    RowLocked,
    SalesforceBreakerOpen,
    SalesforceUnavailable,
    SessionExpired,
    UntrustedAddress,
)
from sf_sync.settings import SalesforceSettings, Secret

URL = "https://acme.my.salesforce.com"
DATA = f"{URL}/services/data/v66.0"
EXPIRED = [{"errorCode": "INVALID_SESSION_ID", "message": "Session expired or invalid"}]
STEP = Subrequest(method="PATCH", path="sobjects/Account/001p00000000abcAAA", reference_id="account")

pytestmark = pytest.mark.asyncio


@pytest.fixture
def org() -> respx.MockRouter:
    """An org that gives tokens; each test says what else it answers. Any other address is an error."""
    router = respx.MockRouter(assert_all_called=False)
    token = {"access_token": "00Dp00000000abc!secret", "instance_url": URL}
    router.post(f"{URL}/services/oauth2/token", name="token").respond(json=token)
    return router


@pytest_asyncio.fixture
async def client(org: respx.MockRouter) -> AsyncIterator[SalesforceClient]:
    settings = SalesforceSettings(
        url=URL, login_url=URL, client_id="portal-bff", client_secret=Secret("s3cret")
    )
    client = SalesforceClient(settings, transport=httpx.MockTransport(org.async_handler))
    await client.open()
    yield client
    await client.close()


class TestRequest:
    async def test_carries_token_and_client_name(
        self, org: respx.MockRouter, client: SalesforceClient
    ) -> None:
        limits = org.get(f"{DATA}/limits").respond(json={})

        await client.request("GET", "limits", idempotent=True)

        headers = limits.calls.last.request.headers
        assert headers["Authorization"] == "Bearer 00Dp00000000abc!secret"
        assert headers["Sforce-Call-Options"] == "client=portal-bff"

    async def test_is_sent_again_once_with_a_new_token(
        self, org: respx.MockRouter, client: SalesforceClient
    ) -> None:
        limits = org.get(f"{DATA}/limits").mock(
            side_effect=[
                httpx.Response(200, json={}),
                httpx.Response(401, json=EXPIRED),
                httpx.Response(200, json={}),
            ]
        )

        for _ in range(2):
            await client.request("GET", "limits", idempotent=False)

        assert limits.call_count == 3
        assert org["token"].call_count == 2

    async def test_gives_up_when_new_tokens_are_refused_too(
        self, org: respx.MockRouter, client: SalesforceClient
    ) -> None:
        org.get(f"{DATA}/limits").respond(401, json=EXPIRED)

        for _ in range(5):
            with pytest.raises(SessionExpired):
                await client.request("GET", "limits", idempotent=True)

        assert org["token"].call_count == 1

    async def test_is_not_repeated_when_it_is_not_idempotent(
        self, org: respx.MockRouter, client: SalesforceClient
    ) -> None:
        route = org.post(f"{DATA}/sobjects/Case").respond(
            400, json=[{"errorCode": "UNABLE_TO_LOCK_ROW", "message": "unable to obtain exclusive access"}]
        )

        with pytest.raises(RowLocked):
            await client.request("POST", "sobjects/Case", json={}, idempotent=False)

        assert route.call_count == 1

    async def test_is_repeated_when_it_is_idempotent(
        self, org: respx.MockRouter, client: SalesforceClient
    ) -> None:
        busy = httpx.Response(503, json=[{"errorCode": "SERVER_UNAVAILABLE", "message": ""}])
        route = org.get(f"{DATA}/limits").mock(side_effect=[busy, httpx.Response(200, json={})])

        await client.request("GET", "limits", idempotent=True)

        assert route.call_count == 2

    async def test_follows_no_redirect(self, org: respx.MockRouter, client: SalesforceClient) -> None:
        org.get(f"{DATA}/limits").respond(302, headers={"Location": "https://evil.example/"})
        evil = org.route(host="evil.example").respond(200)

        with pytest.raises(AnswerMalformed):
            await client.request("GET", "limits", idempotent=True)

        assert evil.call_count == 0

    async def test_of_a_stopped_lane_is_not_sent(
        self, org: respx.MockRouter, client: SalesforceClient
    ) -> None:
        route = org.get(f"{DATA}/limits").respond(
            json={}, headers={"Sforce-Limit-Info": "api-usage=960/1000"}
        )
        await client.request("GET", "limits", idempotent=True)

        for lane in (Lane.CUSTOMER, Lane.BACKGROUND):
            with pytest.raises(RequestLimitReached):
                await client.request("GET", "limits", lane=lane, idempotent=True)
        await client.request("GET", "limits", lane=Lane.GATE, idempotent=True)

        assert route.call_count == 2
        assert client.budget.share == 0.96

    async def test_remembers_that_the_org_has_nothing_left(
        self, org: respx.MockRouter, client: SalesforceClient
    ) -> None:
        body = [{"errorCode": "REQUEST_LIMIT_EXCEEDED", "message": "TotalRequests Limit exceeded."}]
        route = org.get(f"{DATA}/limits").respond(403, json=body)

        for _ in range(3):
            with pytest.raises(RequestLimitReached):
                await client.request("GET", "limits", idempotent=True)

        assert route.call_count == 1

    async def test_is_refused_here_after_three_failures(
        self, org: respx.MockRouter, client: SalesforceClient
    ) -> None:
        route = org.post(f"{DATA}/sobjects/Case").respond(502, html="<html>Bad gateway</html>")

        for _ in range(3):
            with pytest.raises(OutcomeUnknown):
                await client.request("POST", "sobjects/Case", json={}, idempotent=False)
        with pytest.raises(SalesforceBreakerOpen):
            await client.request("POST", "sobjects/Case", json={}, idempotent=False)

        assert route.call_count == 3
        assert client.breaker_state == "open"

    async def test_may_be_refused_often_without_harm(
        self, org: respx.MockRouter, client: SalesforceClient
    ) -> None:
        org.get(f"{DATA}/sobjects/Account/x").respond(
            400, json=[{"errorCode": "MALFORMED_ID", "message": ""}]
        )

        for _ in range(10):
            with pytest.raises(Exception, match="MALFORMED_ID"):
                await client.request("GET", "sobjects/Account/x", idempotent=True)

        assert client.breaker_state == "closed"


class TestQuery:
    @pytest.mark.parametrize(
        "address",
        [
            "https://evil.example/services/data/v66.0/query/01g-2000",
            "//evil.example/services/data/v66.0/query/01g",
        ],
    )
    async def test_never_asks_a_stranger_for_its_next_page(
        self, org: respx.MockRouter, client: SalesforceClient, address: str
    ) -> None:
        page = {"records": [], "done": False, "nextRecordsUrl": address}
        org.get(f"{DATA}/query").respond(json=page)
        evil = org.route(host="evil.example").respond(200)

        with pytest.raises(UntrustedAddress):
            await client.query("SELECT Id FROM Account")

        assert evil.call_count == 0

    async def test_does_not_go_round_in_circles(
        self, org: respx.MockRouter, client: SalesforceClient
    ) -> None:
        page = {"records": [], "done": False, "nextRecordsUrl": "/services/data/v66.0/query/01gAA-2000"}
        org.route(path__startswith="/services/data/v66.0/query").respond(json=page)

        with pytest.raises(AnswerMalformed):
            await client.query("SELECT Id FROM Account")


class TestComposite:
    @pytest.mark.parametrize("body", [None, {}, {"compositeResponse": []}, [{"errorCode": "x"}], "text"])
    async def test_with_a_partial_answer_is_unknown(
        self, org: respx.MockRouter, client: SalesforceClient, body: object
    ) -> None:
        org.post(f"{DATA}/composite").respond(json=body)

        with pytest.raises(OutcomeUnknown):
            await client.composite([STEP])

    async def test_cut_short_is_unknown(self, org: respx.MockRouter, client: SalesforceClient) -> None:
        org.post(f"{DATA}/composite").respond(content=b'{"compositeResponse":[{"body":nul')

        with pytest.raises(OutcomeUnknown):
            await client.composite([STEP])


class TestSignIn:
    async def test_elsewhere_sends_no_token_there(
        self, org: respx.MockRouter, client: SalesforceClient
    ) -> None:
        org["token"].respond(
            json={"access_token": "00Dp00000000abc!x", "instance_url": "https://evil.example"}
        )
        evil = org.route(host="evil.example").respond(200)

        with pytest.raises(UntrustedAddress):
            await client.request("GET", "limits", idempotent=True)

        assert evil.call_count == 0

    async def test_refused_is_not_asked_for_by_each_call(
        self, org: respx.MockRouter, client: SalesforceClient
    ) -> None:
        org["token"].respond(
            400, json={"error": "invalid_grant", "error_description": "user is not admin approved"}
        )

        for _ in range(20):
            with pytest.raises(LoginRefused):
                await client.request("GET", "limits", idempotent=True)

        assert org["token"].call_count == 1

    async def test_gives_the_stream_its_token(self, client: SalesforceClient, org: respx.MockRouter) -> None:
        token, instance_url, org_id = await client.access_token()

        assert (token, instance_url, org_id) == ("00Dp00000000abc!secret", URL, "00Dp00000000abcEAA")
        assert org["token"].call_count == 1


class TestReadRows:
    async def test_of_another_account_is_refused(
        self, org: respx.MockRouter, client: SalesforceClient
    ) -> None:
        org.post(f"{DATA}/composite/sobjects/Account").respond(json=[{"Id": "001p00000000zzzAAA"}])

        with pytest.raises(AnswerMalformed):
            await client.read_rows("Account", ["001p00000000abcAAA"], ["Id"])

    async def test_as_a_page_is_an_outage(self, org: respx.MockRouter, client: SalesforceClient) -> None:
        org.post(f"{DATA}/composite/sobjects/Account").respond(html="<html>Sorry</html>")

        with pytest.raises(SalesforceUnavailable):
            await client.read_rows("Account", ["001p00000000abcAAA"], ["Id"], timeout_s=0.2)

    async def test_takes_two_thousand_at_most(self, client: SalesforceClient) -> None:
        with pytest.raises(ValueError, match="2000"):
            await client.read_rows("Account", ["x"] * 2_001, ["Id"])
