"""What is handed to Twilio and how its answers are read; `respx` stands for the odd ones."""

import base64
from collections.abc import AsyncIterator, Iterator
from urllib.parse import parse_qs

import httpx
import pytest
import pytest_asyncio
import respx
import structlog

from bff.settings import TwilioSettings
from bff.sms import Sms, SmsOutcome
from bff.sms.twilio import TwilioSms
from tests.tables import make_id, read_table

pytestmark = pytest.mark.asyncio

ACCOUNT = "AC" + "0" * 32
SETTINGS = TwilioSettings(
    account_sid=ACCOUNT, auth_token="canary-token", sender="+15005550006", url="https://api.twilio.example"
)
MESSAGE = Sms("+819012345678", "123456 is your code")
ODD = {
    "no connection": httpx.ConnectError("canary"),
    "no answer": httpx.ReadTimeout("canary"),
    "cut answer": httpx.RemoteProtocolError("canary"),
}


@pytest.fixture
def twilio() -> Iterator[respx.MockRouter]:
    with respx.mock(base_url=SETTINGS.url) as router:
        yield router


@pytest_asyncio.fixture
async def sender() -> AsyncIterator[TwilioSms]:
    opened = TwilioSms(SETTINGS, timeout_s=1)
    yield opened
    await opened.close()


class TestTwilio:
    @pytest.mark.parametrize("row", read_table("one-time-codes.md", "Sending messages"), ids=make_id)
    async def test_is_read_as_the_table_says(
        self, twilio: respx.MockRouter, sender: TwilioSms, row: dict[str, str]
    ) -> None:
        says = row["Twilio"]
        body = {"code": 21211, "message": "The 'To' number +819012345678 is not a valid phone number."}
        route = twilio.post(f"/2010-04-01/Accounts/{ACCOUNT}/Messages.json")
        route.side_effect = ODD.get(says) or httpx.Response(int(says), json=body)
        with structlog.testing.capture_logs() as lines:
            outcome = await sender.send(MESSAGE)

        assert outcome == row["outcome"]
        assert route.call_count == 1
        told = str(lines)
        assert not any(word in told for word in ("9012345678", "123456", "canary", "valid phone"))

    async def test_is_given_number_sender_and_text(self, twilio: respx.MockRouter, sender: TwilioSms) -> None:
        route = twilio.post(f"/2010-04-01/Accounts/{ACCOUNT}/Messages.json").respond(201, json={"sid": "SM1"})
        await sender.send(MESSAGE)

        request = route.calls.last.request
        assert parse_qs(request.content.decode()) == {
            "From": ["+15005550006"],
            "To": ["+819012345678"],
            "Body": ["123456 is your code"],
        }
        assert (
            request.headers["Authorization"]
            == "Basic " + base64.b64encode(f"{ACCOUNT}:canary-token".encode()).decode()
        )

    async def test_is_given_a_messaging_service_by_its_id(self, twilio: respx.MockRouter) -> None:
        service = "MG" + "1" * 32
        settings = TwilioSettings(account_sid=ACCOUNT, auth_token="t", sender=service, url=SETTINGS.url)
        route = twilio.post(f"/2010-04-01/Accounts/{ACCOUNT}/Messages.json").respond(201)
        opened = TwilioSms(settings, timeout_s=1)
        await opened.send(MESSAGE)
        await opened.close()

        assert parse_qs(route.calls.last.request.content.decode())["MessagingServiceSid"] == [service]

    async def test_that_refuses_our_credentials_is_an_error_in_the_log(
        self, twilio: respx.MockRouter, sender: TwilioSms
    ) -> None:
        twilio.post(f"/2010-04-01/Accounts/{ACCOUNT}/Messages.json").respond(401)
        with structlog.testing.capture_logs() as lines:
            outcome = await sender.send(MESSAGE)

        assert outcome is SmsOutcome.UNAVAILABLE
        assert [line["log_level"] for line in lines] == ["error"]


class TestSms:
    async def test_tells_nothing_in_a_trace(self) -> None:
        assert "9012345678" not in repr(MESSAGE)
        assert "123456" not in f"{MESSAGE} {MESSAGE!r}"
