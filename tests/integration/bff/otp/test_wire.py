"""One-time codes over HTTP: who may ask, what is answered, and what is never told."""

import re
from typing import Any

import httpx
import msgspec
import pytest
import structlog
from litestar import Litestar

from bff.app import create_app
from bff.demo.people import DEMO_ORGS
from bff.identity import Caller, CallerKind
from bff.identity.development import sign_token
from bff.otp import Purpose, take_proof
from bff.sms import Sms, SmsOutcome, SmsSender
from tests.fixtures.portal import HANA, Portal
from tests.integration.bff.otp.scenery import MOBILE, OTHER, read_console
from tests.tables import read_table

pytestmark = pytest.mark.asyncio

SEND, VERIFY = "/api/v1/customers/send-otp", "/api/v1/customers/verify-otp"
POS = "pos@staff.example"
ASKED = {"phone": "090-1234-5678", "purpose": "verification"}

ODD_INPUT: list[tuple[str, dict[str, Any], int, str]] = [
    (SEND, {"phone": "12"}, 422, "phone_not_valid"),
    (SEND, {"phone": "03-1234-5678"}, 422, "phone_not_allowed"),
    (SEND, {"phone": "+96890012345"}, 422, "phone_not_allowed"),
    (SEND, {"phone": ""}, 400, "invalid_request"),
    (SEND, {"phone": 9012345678}, 400, "invalid_request"),
    (SEND, {"phone": "9" * 65}, 400, "invalid_request"),
    (SEND, {"phone": "090\x001234567"}, 400, "invalid_request"),
    (SEND, {"phone": "09012345678\n"}, 400, "invalid_request"),
    (SEND, {"purpose": "fun"}, 400, "invalid_request"),
    (SEND, {"language": "fr"}, 400, "invalid_request"),
    (SEND, {"orgId": "x"}, 400, "invalid_request"),
    (VERIFY, {"code": "12345"}, 400, "invalid_request"),
    (VERIFY, {"code": "123456\n"}, 400, "invalid_request"),
    (VERIFY, {"code": "²²²²²²"}, 400, "invalid_request"),
    (VERIFY, {"code": 123456}, 400, "invalid_request"),
    (VERIFY, {"code": ["1", "2", "3", "4", "5", "6"]}, 400, "invalid_request"),
    (VERIFY, {"code": "١٢٣٤٥٦"}, 422, "code_expired"),
    (VERIFY, {"code": "１２３４５６"}, 422, "code_expired"),
    (VERIFY, {"code": "123456", "phone": "\u200f"}, 422, "phone_not_valid"),
]


def find_code(portal: Portal) -> str:
    return re.findall(r": ([0-9]{6})\b", read_console(portal.adapters))[-1]


def spoil(code: str) -> str:
    return f"{(int(code) + 1) % 10**6:06d}"


def make_machine(portal: Portal, scope: str) -> httpx.AsyncClient:
    caller = Caller(
        kind=CallerKind.MACHINE,
        org_id=DEMO_ORGS[0].id,
        org_slug="demo",
        region="JP",
        locale="en",
        client_id="shop",
        scopes=frozenset({scope}),
    )
    token = sign_token(portal.settings, portal.data_dir, caller)
    return portal.connect({"Authorization": f"Bearer {token}"})


class TestCode:
    async def test_goes_out_and_comes_back_for_a_proof(self, portal: Portal) -> None:
        async with portal.signed_in(POS) as pos:
            sent = await pos.post(SEND, json=ASKED)
            answer = await pos.post(VERIFY, json=ASKED | {"code": find_code(portal)})

        assert (sent.status_code, answer.status_code) == (202, 200)
        assert set(sent.json()) == {"expiresAt", "resendAt"}
        async with portal.adapters.database.transaction(DEMO_ORGS[0].id) as session:
            await take_proof(
                session,
                answer.json()["proof"],
                org_id=DEMO_ORGS[0].id,
                purpose=Purpose.VERIFICATION,
                phone=MOBILE,
            )

    async def test_that_is_wrong_says_how_many_tries_are_left(self, portal: Portal) -> None:
        async with portal.signed_in(POS) as pos:
            await pos.post(SEND, json=ASKED)
            code = find_code(portal)
            told = [(await pos.post(VERIFY, json=ASKED | {"code": spoil(code)})).json() for _ in range(3)]
            last = await pos.post(VERIFY, json=ASKED | {"code": code})

        assert [answer["code"] for answer in told] == ["code_wrong", "code_wrong", "code_expired"]
        assert [answer.get("triesLeft") for answer in told] == [2, 1, None]
        assert (last.status_code, last.json()["code"]) == (422, "code_expired")

    async def test_asked_for_again_too_soon_says_when(self, portal: Portal) -> None:
        async with portal.signed_in(POS) as pos:
            await pos.post(SEND, json=ASKED)
            again = await pos.post(SEND, json=ASKED | {"phone": "+81 90 1234 5678"})

        assert (again.status_code, again.json()["code"]) == (429, "too_many_codes")
        assert 0 < int(again.headers["Retry-After"]) <= 60
        assert again.json()["retryAfter"] == int(again.headers["Retry-After"])

    @pytest.mark.parametrize("language", ["en", "ar", "ja"])
    async def test_comes_in_the_language_asked_for_in_one_message(
        self, portal: Portal, language: str
    ) -> None:
        scripts = {"en": r"[a-z]", "ar": r"[\u0621-\u064a]", "ja": r"[\u3040-\u30ff]"}
        async with portal.signed_in(POS) as pos:
            await pos.post(SEND, json=ASKED | {"language": language})
        text = read_console(portal.adapters).partition(": ")[2].strip()

        assert re.search(scripts[language], text)
        assert "Demo Telecom" in text
        assert len(text) <= (160 if language == "en" else 70)


class TestWhoMayAsk:
    async def test_is_what_the_table_says(self, portal: Portal) -> None:
        number = 0
        for row in read_table("one-time-codes.md", "Who may ask"):
            who = row.pop("caller")
            for purpose, may in row.items():
                number += 1
                body = {"phone": f"+8190{1000 + number}1234", "purpose": purpose}
                answer = await self.ask(portal, who, body)
                assert answer.status_code == (202 if may == "yes" else 403), (who, purpose)

    async def ask(self, portal: Portal, who: str, body: dict[str, Any]) -> httpx.Response:
        if who.startswith("machine"):
            async with make_machine(portal, who.split("`")[1]) as machine:
                return await machine.post(SEND, json=body)
        email = HANA if who == "customer" else f"{who}@staff.example"
        async with portal.signed_in(email) as person:
            return await person.post(SEND, json=body)

    async def test_leaves_out_strangers(self, portal: Portal) -> None:
        async with portal.connect() as stranger:
            answers = [await stranger.post(path, json=ASKED) for path in (SEND, VERIFY)]

        assert [answer.status_code for answer in answers] == [401, 401]


class TestAnswers:
    async def test_are_the_same_whether_anybody_knows_the_number(self, portal: Portal) -> None:
        async with portal.signed_in("admin@staff.example") as admin:
            known = {"type": "stub", "firstName": "Known", "lastName": "Person", "phone": MOBILE}
            made = await admin.post("/api/v1/customers", json=known)
            assert made.status_code == 201, made.text
            seen = []
            for phone in (MOBILE, OTHER):
                body = {"phone": phone, "purpose": "verification"}
                sent = await admin.post(SEND, json=body)
                wrong = await admin.post(VERIFY, json=body | {"code": spoil(find_code(portal))})
                none = await admin.post(VERIFY, json=body | {"purpose": "login", "code": "123456"})
                seen.append([strip(answer) for answer in (sent, wrong, none)])

        assert seen[0] == seen[1]

    async def test_to_odd_input_are_refusals(self, portal: Portal) -> None:
        async with portal.signed_in(POS) as pos:
            for path, changes, status, code in ODD_INPUT:
                answer = await pos.post(path, json=ASKED | changes)
                assert (answer.status_code, answer.json()["code"]) == (status, code), changes

        assert read_console(portal.adapters) == ""

    async def test_without_a_sender_are_that_none_can_be_sent(self, portal: Portal) -> None:
        silent = with_sender(portal, None)
        async with portal.signed_in(POS) as pos, connect(silent, pos) as client:
            answer = await client.post(SEND, json=ASKED)

        assert (answer.status_code, answer.json()["code"]) == (503, "code_not_sent")

    async def test_follow_what_the_sender_knows(self, portal: Portal) -> None:
        async with portal.signed_in(POS) as pos:
            for outcome, status, code, phone in (
                (SmsOutcome.UNKNOWN, 202, None, MOBILE),
                (SmsOutcome.REFUSED, 422, "phone_not_reachable", OTHER),
                (SmsOutcome.UNAVAILABLE, 503, "code_not_sent", "+817011112222"),
            ):
                async with connect(with_sender(portal, Doubtful(outcome)), pos) as client:
                    answer = await client.post(SEND, json=ASKED | {"phone": phone})
                    again = await client.post(SEND, json=ASKED | {"phone": phone})
                assert (answer.status_code, answer.json().get("code")) == (status, code)
                assert again.status_code == 429


class TestNothingTells:
    async def test_number_or_code_in_logs_errors_or_traces(self, portal: Portal) -> None:
        app = with_sender(portal, Broken())
        with structlog.testing.capture_logs() as lines:
            async with portal.signed_in(POS) as pos, connect(app, pos) as client:
                failed = await client.post(SEND, json=ASKED)
                refused = await client.post(VERIFY, json=ASKED | {"code": "987654"})

        assert failed.status_code == 500
        told = str(lines) + failed.text + refused.text
        assert lines
        assert not any(word in told for word in ("9012345678", "1234-5678", "987654", "is your"))


class Doubtful(SmsSender):
    def __init__(self, outcome: SmsOutcome) -> None:
        self._outcome = outcome

    async def send(self, message: Sms) -> SmsOutcome:
        return self._outcome


class Broken(SmsSender):
    """Has a bug, and the worst error text that a library could make of it."""

    async def send(self, message: Sms) -> SmsOutcome:
        raise ValueError(f"cannot send {message.text} to {message.to}")


def with_sender(portal: Portal, sender: SmsSender | None) -> Litestar:
    """The same engines behind another app."""
    return create_app(portal.settings, msgspec.structs.replace(portal.adapters, sms=sender))


def connect(app: Litestar, client: httpx.AsyncClient) -> httpx.AsyncClient:
    """With the session of a client of the first app."""
    transport = httpx.ASGITransport(app, raise_app_exceptions=False)
    return httpx.AsyncClient(transport=transport, base_url=client.base_url, headers=client.headers)


def strip(answer: httpx.Response) -> tuple[int, dict[str, Any]]:
    """Without what differs between any two answers."""
    return answer.status_code, {
        name: value
        for name, value in answer.json().items()
        if name not in ("requestId", "expiresAt", "resendAt")
    }
