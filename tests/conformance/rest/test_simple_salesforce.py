"""simple-salesforce against the emulator over HTTP: a client that we did not write and that knows only https hosts."""

import asyncio
import threading
from collections.abc import Iterator
from typing import Any
from urllib.parse import urlsplit, urlunsplit

import pytest
import requests
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat, PublicFormat
from requests.adapters import HTTPAdapter
from simple_salesforce import (
    Salesforce,
    SalesforceExpiredSession,
    SalesforceMalformedRequest,
    SalesforceRefusedRequest,
    SalesforceResourceNotFound,
)
from simple_salesforce.exceptions import SalesforceAuthenticationFailed

from sf_sync.emulator.app import Emulator, create_emulator
from sf_sync.emulator.serving import HttpServer
from sf_sync.emulator.settings import DEVELOPMENT_CLIENT, EmulatorSettings, OAuthClient

KEY = rsa.generate_private_key(public_exponent=65537, key_size=2048)
CLIENT = OAuthClient(
    client_id="with-key",
    certificate=KEY.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo).decode(),
)


class Emulation(threading.Thread):
    """The emulator in a thread with its own loop, since the client under test blocks."""

    def __init__(self) -> None:
        super().__init__(daemon=True)
        self.emulator: Emulator = create_emulator(EmulatorSettings(clients=(DEVELOPMENT_CLIENT, CLIENT)))
        self.port = 0
        self._listening = threading.Event()
        self._loop = asyncio.new_event_loop()
        self._ended = asyncio.Event()

    def run(self) -> None:
        self._loop.run_until_complete(self._serve())

    async def _serve(self) -> None:
        server = HttpServer(self.emulator.asgi, host="127.0.0.1", port=0)
        await server.start()
        self.port = server.port
        self._listening.set()
        await self._ended.wait()
        await server.stop()

    def __enter__(self) -> "Emulation":
        self.start()
        assert self._listening.wait(10)
        return self

    def __exit__(self, *_: object) -> None:
        self._loop.call_soon_threadsafe(self._ended.set)
        self.join(10)


class Detour(HTTPAdapter):
    """Leads every https request to the emulator's loopback port."""

    def __init__(self, port: int) -> None:
        super().__init__()
        self._port = port

    def send(self, request: requests.PreparedRequest, *args: Any, **kwargs: Any) -> requests.Response:
        parts = urlsplit(request.url or "")
        request.headers["Host"] = parts.netloc
        request.url = urlunsplit(parts._replace(scheme="http", netloc=f"127.0.0.1:{self._port}"))
        kwargs["timeout"] = 10
        return super().send(request, *args, **kwargs)


@pytest.fixture
def emulation() -> Iterator[Emulation]:
    with Emulation() as emulation:
        yield emulation


@pytest.fixture
def session(emulation: Emulation) -> requests.Session:
    session = requests.Session()
    session.mount("https://", Detour(emulation.port))
    return session


@pytest.fixture
def salesforce(session: requests.Session) -> Salesforce:
    return Salesforce(
        consumer_key="portal-bff",
        consumer_secret="local-development-only",
        domain="acme.my",
        version="66.0",
        session=session,
    )


class TestLogin:
    def test_works_with_client_credentials(self, salesforce: Salesforce) -> None:
        assert salesforce.sf_instance == "acme.my.salesforce.com"
        assert salesforce.query("SELECT Id FROM User")["totalSize"] > 0

    def test_works_with_a_jwt(self, session: requests.Session) -> None:
        pem = KEY.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()).decode()
        salesforce = Salesforce(
            username="integration@portal.example",
            consumer_key="with-key",
            privatekey=pem,
            domain="login",
            version="66.0",
            session=session,
        )

        assert salesforce.query("SELECT Username FROM User WHERE IsActive = true")["done"] is True

    def test_is_refused_with_a_wrong_secret(self, session: requests.Session) -> None:
        with pytest.raises(SalesforceAuthenticationFailed, match="invalid client credentials"):
            Salesforce(consumer_key="portal-bff", consumer_secret="x", domain="acme.my", session=session)

    def test_is_refused_by_soap(self, session: requests.Session) -> None:
        with pytest.raises(SalesforceAuthenticationFailed, match="INVALID_OPERATION"):
            Salesforce(username="u", password="p", security_token="t", session=session)

    def test_is_renewed_after_the_session_expired(self, emulation: Emulation, salesforce: Salesforce) -> None:
        emulation.emulator.sessions.revoke_all()

        assert salesforce.query("SELECT Id FROM User")["totalSize"] > 0


class TestRows:
    def test_go_through_their_whole_life(self, salesforce: Salesforce) -> None:
        created = salesforce.Account.create({"Name": "Hana Sato", "Portal_Customer_Id__c": "k-1"})
        account_id = created["id"]
        assert created["success"] is True

        assert salesforce.Account.update(account_id, {"Site": "North"}) == 204
        assert salesforce.Account.get(account_id)["Site"] == "North"
        assert salesforce.Account.get_by_custom_id("Portal_Customer_Id__c", "k-1")["Id"] == account_id
        assert salesforce.Account.upsert("Portal_Customer_Id__c/k-1", {"Site": "South"}) == 200
        assert salesforce.Account.upsert("Portal_Customer_Id__c/k 2", {"Name": "Kenji"}) == 201
        assert salesforce.Account.delete(account_id) == 204
        with pytest.raises(SalesforceResourceNotFound) as caught:
            salesforce.Account.get(account_id)
        assert caught.value.content[0]["errorCode"] == "ENTITY_IS_DELETED"

    def test_are_refused_with_their_code(self, salesforce: Salesforce) -> None:
        with pytest.raises(SalesforceMalformedRequest) as caught:
            salesforce.Account.create({})

        assert caught.value.status == 400
        assert caught.value.content[0]["errorCode"] == "REQUIRED_FIELD_MISSING"

    def test_are_described(self, salesforce: Salesforce) -> None:
        assert any(each["name"] == "Account" for each in salesforce.describe()["sobjects"])
        assert salesforce.Account.metadata()["objectDescribe"]["keyPrefix"] == "001"
        assert len(salesforce.Account.describe()["fields"]) > 50

    def test_are_fed_by_time(self, salesforce: Salesforce) -> None:
        from_, to = "2026-01-01T00:00:00Z", "2026-01-01T00:10:00Z"
        with pytest.raises(SalesforceMalformedRequest, match="INVALID_REPLICATION_DATE"):
            salesforce.restful("sobjects/Account/updated/", params={"start": to, "end": from_})


class TestQueries:
    def test_page_to_the_end(self, salesforce: Salesforce) -> None:
        for start in range(0, 450, 150):
            records = [{"attributes": {"type": "Account"}, "Name": f"A{start + n}"} for n in range(150)]
            salesforce.restful("composite/sobjects", method="POST", json={"records": records})
        headers = {"Sforce-Query-Options": "batchSize=200"}

        everything = salesforce.query_all("SELECT Name FROM Account", headers=headers)
        one_by_one = list(salesforce.query_all_iter("SELECT Name FROM Account", headers=headers))
        with_deleted = salesforce.query_all("SELECT Name FROM Account", include_deleted=True, headers=headers)

        assert everything["totalSize"] == len(everything["records"]) == 450
        assert len(one_by_one) == len(with_deleted["records"]) == 450

    def test_are_refused_with_their_code(self, salesforce: Salesforce) -> None:
        with pytest.raises(SalesforceMalformedRequest) as caught:
            salesforce.query("SELECT Nope FROM Account")

        assert caught.value.content[0]["errorCode"] == "INVALID_FIELD"

    def test_of_other_kinds_are_not_found(self, salesforce: Salesforce) -> None:
        with pytest.raises(SalesforceResourceNotFound):
            salesforce.search("FIND {Hana}")


class TestTheRest:
    def test_composite_goes_through_restful(self, salesforce: Salesforce) -> None:
        parts = [
            {
                "method": "POST",
                "url": "/services/data/v66.0/sobjects/Account",
                "referenceId": "account",
                "body": {"Name": "Hana"},
            },
            {
                "method": "GET",
                "url": "/services/data/v66.0/sobjects/Account/@{account.id}?fields=Name",
                "referenceId": "read",
            },
        ]
        answer = salesforce.restful(
            "composite", method="POST", json={"allOrNone": True, "compositeRequest": parts}
        )

        assert [sub["httpStatusCode"] for sub in answer["compositeResponse"]] == [201, 200]
        assert answer["compositeResponse"][1]["body"]["Name"] == "Hana"

    def test_usage_is_read_from_the_answers(self, salesforce: Salesforce) -> None:
        assert salesforce.limits()["DailyApiRequests"]["Max"] == 5_000_000
        assert salesforce.api_usage["api-usage"].total == 5_000_000

    def test_limits_raise_their_own_exception(self, emulation: Emulation, salesforce: Salesforce) -> None:
        emulation.emulator.faults.request_limit = True

        with pytest.raises(SalesforceRefusedRequest):
            salesforce.limits()

    def test_a_session_that_cannot_be_renewed_raises(
        self, emulation: Emulation, session: requests.Session
    ) -> None:
        salesforce = Salesforce(instance="acme.my.salesforce.com", session_id="00D!nothing", session=session)

        with pytest.raises(SalesforceExpiredSession):
            salesforce.limits()
