"""An accepted document on its way: held until it is clean, kept until Salesforce has it whole, never out of turn."""

import asyncio
from collections.abc import AsyncIterator
from typing import Any

import httpx
import msgspec
import pytest
import pytest_asyncio
from sqlalchemy import text

from bff.adapters import Adapters
from bff.deliveries import Deliveries, Delivery, DeliveryState
from bff.demo.people import DEMO_ORGS
from bff.safekeeping.scanning import Scanner
from bff.verification.delivery import DocumentDelivery
from sf_sync.documents import Documents, DocumentStored, DocumentSuperseded
from sf_sync.objects.document_submission import SubmitDocument
from tests.documents import make_jpeg
from tests.fixtures.clamd import Clamd
from tests.integration.bff.scene import Scene, make_email, scene

__all__ = ["scene"]

pytestmark = pytest.mark.asyncio

ORG = DEMO_ORGS[0].id
FIRST, SECOND = make_jpeg((900, 600)), make_jpeg((901, 600))
SUBMITTED = "Id_Verification_Submitted_Version_Id__c"
READ = (
    "SELECT org_id, id, kind, account_id, payload, state, attempts, unknown, reason, salesforce_id, created_at"
    " FROM deliveries"
)
# As long as it takes until a delivery counts as parked.
AGE = text("UPDATE deliveries SET created_at = created_at - interval '20 minutes' WHERE org_id = :org")


async def upload(client: httpx.AsyncClient, content: bytes) -> httpx.Response:
    return await client.post("/api/verification/id", files={"file": ("card.jpg", content)})


async def list_attempts(scene: Scene) -> list[dict[str, Any]]:
    return await scene.list_rows("SELECT id, state, version_id FROM verification_attempts ORDER BY number")


async def count_kept(scene: Scene) -> int:
    return len(await scene.list_rows("SELECT attempt_id FROM document_outbox"))


class TestHeldDocuments:
    @pytest_asyncio.fixture
    async def clamd(self, portal_adapters: Adapters) -> AsyncIterator[Clamd]:
        """The portal's scanner; it says nothing until it is told to."""
        clamd = Clamd(b"")
        async with clamd as address:
            portal_adapters.scanner.address = address  # type: ignore[union-attr]
            yield clamd

    @pytest.fixture
    def portal_adapters(self, portal_adapters: Adapters) -> Adapters:
        return msgspec.structs.replace(portal_adapters, scanner=LateScanner())

    @pytest.mark.parametrize("answer", [b"", b"stream: OK", b"INSTREAM size limit exceeded. ERROR\0"])
    async def test_wait_with_us_while_the_scanner_gives_no_clean_answer(
        self, scene: Scene, clamd: Clamd, answer: bytes
    ) -> None:
        clamd.answer = answer
        async with scene.portal.signed_in() as hana:
            told = await upload(hana, FIRST)
        await scene.deliver()

        assert (told.status_code, told.json()["status"]) == (202, "submitted")
        assert [attempt["state"] for attempt in await list_attempts(scene)] == ["waiting"]
        assert await count_kept(scene) == 1
        assert SUBMITTED not in scene.find_account("hana")

    async def test_leave_once_it_does(self, scene: Scene, clamd: Clamd) -> None:
        async with scene.portal.signed_in() as hana:
            await upload(hana, FIRST)
        clamd.answer = b"stream: OK\0"
        await scene.deliver()

        assert [attempt["state"] for attempt in await list_attempts(scene)] == ["delivered"]
        assert await count_kept(scene) == 0

    async def test_are_destroyed_when_it_finds_something(self, scene: Scene, clamd: Clamd) -> None:
        async with scene.portal.signed_in() as hana:
            await upload(hana, FIRST)
            clamd.answer = b"stream: Eicar-Test-Signature FOUND\0"
            await scene.deliver()
            shown = (await hana.get("/api/verification/id")).json()

        assert [attempt["state"] for attempt in await list_attempts(scene)] == ["refused"]
        assert await count_kept(scene) == 0
        assert (shown["status"], shown["nextAction"]["code"]) == ("not_submitted", "upload_id")
        assert SUBMITTED not in scene.find_account("hana")

    async def test_are_refused_at_once_when_it_finds_something_at_once(
        self, scene: Scene, clamd: Clamd
    ) -> None:
        clamd.answer = b"stream: Eicar-Test-Signature FOUND\0"
        async with scene.portal.signed_in() as hana:
            told = await upload(hana, FIRST)

        assert (told.status_code, told.json()["code"]) == (422, "document_infected")
        assert await list_attempts(scene) == []


class LateScanner(Scanner):
    """The product's own; where it asks is known only when the test runs."""

    def __init__(self) -> None:
        super().__init__("localhost:1")

    @property
    def address(self) -> str:
        return f"{self._host}:{self._port}"

    @address.setter
    def address(self, address: str) -> None:
        super().__init__(address)


class Spoiling(Documents):
    """A byte is changed on the way."""

    async def submit(self, command: SubmitDocument) -> DocumentStored | DocumentSuperseded:
        content = bytes(command.file.content[:-1]) + b"?"
        return await super().submit(
            msgspec.structs.replace(command, file=msgspec.structs.replace(command.file, content=content))
        )


class TestSpoiledDocuments:
    @pytest.fixture
    def portal_adapters(self, portal_adapters: Adapters) -> Adapters:
        return msgspec.structs.replace(portal_adapters, documents=Spoiling(portal_adapters.client))

    async def test_stay_with_us_as_long_as_salesforce_holds_other_bytes(self, scene: Scene) -> None:
        async with scene.portal.signed_in() as hana:
            assert (await upload(hana, FIRST)).status_code == 202

        [delivery] = await scene.list_rows("SELECT state, reason FROM deliveries")
        assert delivery == {"state": "waiting", "reason": "Salesforce holds other bytes than were sent."}
        assert await count_kept(scene) == 1


class Impatient(DocumentDelivery):
    turn_s = 0.05


class TestManyDocuments:
    async def test_wait_for_their_turn_and_never_pass_for_sent_when_it_does_not_come(
        self, scene: Scene
    ) -> None:
        scene.emulator.faults.unavailable = True
        for name in ("hana", "kenji", "noor"):
            async with scene.portal.signed_in(make_email(name)) as customer:
                assert (await upload(customer, FIRST)).status_code == 202
        deliveries = [
            Delivery(**row | {"state": DeliveryState(row["state"])}) for row in await scene.list_rows(READ)
        ]
        scene.emulator.faults.unavailable = False
        scene.emulator.faults.change({"latency_s": 0.5})
        async with scene.another_process() as process:
            sending = [Impatient().send(delivery, process.adapters) for delivery in deliveries]
            outcomes = await asyncio.gather(*sending)

        assert sorted(type(outcome).__name__ for outcome in outcomes) == ["Delivered", "Delivered", "Retry"]


class TestParkedDocuments:
    async def test_never_push_themselves_before_a_later_one(self, scene: Scene) -> None:
        async with scene.portal.signed_in() as hana:
            await hana.get("/api/verification/id")
            scene.emulator.faults.unavailable = True
            await upload(hana, FIRST)
            await self.grow_old(scene)
            await upload(hana, SECOND)
            scene.emulator.faults.unavailable = False
            first, second = await list_attempts(scene)
            async with scene.another_process() as worker:
                deliveries = Deliveries(worker.adapters)
                states = [await deliveries.attempt(ORG, op["id"], budget_s=10) for op in (second, first)]

        assert states == [DeliveryState.DELIVERED, DeliveryState.REFUSED]
        first, second = await list_attempts(scene)
        assert (first["state"], second["state"]) == ("superseded", "delivered")
        assert scene.find_account("hana")[SUBMITTED] == second["version_id"]
        assert await count_kept(scene) == 0

    async def grow_old(self, scene: Scene) -> None:
        async with scene.portal.adapters.database.transaction(ORG) as session:
            await session.execute(AGE, {"org": ORG})
        await scene.deliver()
        assert await scene.list_rows("SELECT state FROM deliveries") == [{"state": "parked"}]
