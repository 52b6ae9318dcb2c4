"""Many customers send a document while answers are cut: each becomes one File with one link, and none is left over."""

import asyncio
from collections import Counter
from collections.abc import AsyncIterator

import pytest

from bff.app import make_verification
from bff.deliveries import Deliveries, DeliveryState
from bff.identity import Caller
from bff.verification.examination import Body
from bff.verification.inspection.inspectors import Inspectors
from bff.verification.service import Verification
from sf_sync.client.breaker import Breaker
from sf_sync.emulator.app import Emulator
from tests.documents import make_jpeg
from tests.faults.customers import AT_ONCE, deliver_all, make_accounts, make_customers
from tests.integration.bff.scene import Scene, scene

__all__ = ["scene"]

CUT_AFTER, CUT_BEFORE = 0.2, 0.1
JPEG = make_jpeg((160, 100))
HEAD = b'--b\r\nContent-Disposition: form-data; name="file"; filename="card.jpg"\r\n\r\n'


def make_body() -> Body:
    async def chunks() -> AsyncIterator[bytes]:
        yield HEAD
        yield JPEG + b"\r\n--b--\r\n"

    return Body(chunks=chunks(), content_type="multipart/form-data; boundary=b", content_length=None)


async def send_all(verification: Verification, callers: list[Caller]) -> Counter[str]:
    """What the customers are told."""
    gate = asyncio.Semaphore(AT_ONCE)

    async def send(caller: Caller) -> str:
        async with gate:
            return str((await verification.submit(caller, make_body(), context="account")).status)

    return Counter(await asyncio.gather(*(send(caller) for caller in callers)))


def count_files(emulator: Emulator, accounts: set[str]) -> dict[str, tuple[int, int, int]]:
    """By account: documents linked with it, versions of these, and whether the account names the one it has."""
    counts = {}
    for account_id in accounts:
        links = emulator.org.find_by("ContentDocumentLink", "LinkedEntityId", account_id)
        documents = {link["ContentDocumentId"] for link in links}
        versions = [
            version
            for document_id in documents
            for version in emulator.org.find_by("ContentVersion", "ContentDocumentId", document_id)
        ]
        named = emulator.org.get("Account", account_id).get("Id_Verification_Content_Document_Id__c")
        counts[account_id] = (len(links), len(versions), int({named} == documents))
    return counts


def count_versions(emulator: Emulator) -> int:
    return len(list(emulator.org.select("ContentVersion")))


@pytest.mark.fault
@pytest.mark.timeout(1800)
@pytest.mark.asyncio
class TestDocumentsUnderCuts:
    @pytest.mark.parametrize("uploads", [120, pytest.param(1_000, marks=pytest.mark.soak)])
    async def test_become_exactly_one_file_each(self, scene: Scene, uploads: int) -> None:
        emulator = scene.emulator
        callers = await make_customers(scene.portal, make_accounts(emulator, uploads))
        before, inspectors = count_versions(emulator), Inspectors()
        # The breaker would rest for ten seconds at every third cut in a row; here each cut shall meet a call.
        async with scene.another_process(breaker=Breaker(failures_to_open=10_000)) as process:
            deliveries = Deliveries(process.adapters)
            verification = make_verification(process.settings, process.adapters, deliveries, inspectors)
            emulator.faults.change({"seed": 7, "cut_after_ratio": CUT_AFTER, "cut_before_ratio": CUT_BEFORE})

            told = await send_all(verification, callers)
            await deliver_all(scene, deliveries)
        await inspectors.close()

        accounts = {str(caller.account_id) for caller in callers}
        assert told == {"submitted": uploads}
        assert count_files(emulator, accounts) == dict.fromkeys(accounts, (1, 1, 1))
        # None without a link: there are no more versions than those found by their links.
        assert count_versions(emulator) - before == uploads
        states = await scene.list_rows("SELECT state, count(*) FROM deliveries GROUP BY state")
        assert states == [{"state": DeliveryState.DELIVERED, "count": uploads}]
        assert await scene.list_rows("SELECT attempt_id FROM document_outbox") == []
