"""Where the bytes of files are: beside the rows, kept with their commit, there after a restart."""

import hashlib
from pathlib import Path

import pytest

from sf_sync.emulator.app import Emulator, create_emulator
from sf_sync.emulator.events.log import ALL_CHANGES
from sf_sync.emulator.settings import EmulatorSettings
from tests.conformance.files.library import Library, encode
from tests.conformance.rest.caller import DATA

pytestmark = pytest.mark.asyncio

CONTENT = b"CANARY-card " * 20_000


def name_of(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()


class TestRestart:
    async def test_keeps_the_files(self, tmp_path: Path) -> None:
        settings = EmulatorSettings(data_dir=tmp_path)
        first = create_emulator(settings)
        async with Library(first) as library:
            version_id = await library.upload(CONTENT)
        await first.stop()

        second = create_emulator(settings)

        async with Library(second) as library:
            answer = await library.call("GET", f"sobjects/ContentVersion/{version_id}/VersionData")
            next_id = await library.upload(ContentDocumentId=await library.get_document_id(version_id))
        assert answer.content == CONTENT
        assert second.org.get("ContentVersion", next_id)["VersionNumber"] == "2"

    async def test_removes_what_no_row_refers_to(self, tmp_path: Path) -> None:
        settings = EmulatorSettings(data_dir=tmp_path)
        first = create_emulator(settings)
        async with Library(first) as library:
            await library.upload(CONTENT)
        await first.stop()
        for name in (name_of(b"orphan"), f"{name_of(b'half')}.part"):
            (tmp_path / "files" / name).write_bytes(b"left behind")

        create_emulator(settings)

        assert [path.name for path in (tmp_path / "files").iterdir()] == [name_of(CONTENT)]


class TestBytes:
    async def test_are_kept_once_under_their_digest(self, tmp_path: Path) -> None:
        emulator = create_emulator(EmulatorSettings(data_dir=tmp_path))
        async with Library(emulator) as library:
            for _ in range(3):
                await library.upload(CONTENT)

        (file,) = (tmp_path / "files").iterdir()
        assert file.name == name_of(CONTENT)
        assert file.read_bytes() == CONTENT

    async def test_stay_out_of_rows_log_events_and_journal(self, tmp_path: Path) -> None:
        emulator = create_emulator(EmulatorSettings(data_dir=tmp_path))
        async with Library(emulator) as library:
            version_id = await library.upload(CONTENT)
            journal = (await library.call("GET", "/emulator/journal")).text

        events = list(emulator.pubsub.log.read_after(ALL_CHANGES, 0, 100))
        assert any(event.header["entityName"] == "ContentVersion" for event in events)
        assert not any("VersionData" in event.body for event in events)
        told = [event.frame for event in events] + [(tmp_path / "org.log").read_bytes(), journal.encode()]
        for part in (b"CANARY-card", encode(CONTENT)[:16].encode()):
            assert not any(part in each for each in told)
        assert emulator.org.get("ContentVersion", version_id)["VersionData"] == name_of(CONTENT)

    async def test_go_with_a_rolled_back_transaction(self, tmp_path: Path) -> None:
        emulator = create_emulator(EmulatorSettings(data_dir=tmp_path))
        body = {"PathOnClient": "card.jpg", "VersionData": encode(CONTENT)}
        upload = {
            "method": "POST",
            "url": f"{DATA}/sobjects/ContentVersion",
            "referenceId": "file",
            "body": body,
        }
        failure = {"method": "POST", "url": f"{DATA}/sobjects/Account", "referenceId": "nobody", "body": {}}
        steps = {"allOrNone": True, "compositeRequest": [upload, failure]}
        async with Library(emulator) as library:
            await library.call("POST", "composite", json=steps)
            records = [{"attributes": {"type": "ContentVersion"}, **body, "FirstPublishLocationId": "001x"}]
            await library.call("POST", "composite/sobjects", json={"records": records})

            assert await library.select("SELECT Id FROM ContentVersion") == []
        assert list((tmp_path / "files").iterdir()) == []

    async def test_of_a_thousand_documents_cost_files_and_not_memory(self, tmp_path: Path) -> None:
        emulator = create_emulator(EmulatorSettings(data_dir=tmp_path))
        before = read_resident_mb()
        async with Library(emulator) as library:
            for number in range(1_000):
                await library.upload(number.to_bytes(4, "big") * 50_000, Portal_Upload_Id__c=str(number))

        assert len(list((tmp_path / "files").iterdir())) == 1_000
        assert read_resident_mb() - before < 80


def read_resident_mb() -> float:
    status = Path("/proc/self/status").read_text()
    return int(status.partition("VmRSS:")[2].split()[0]) / 1024


class TestEvents:
    async def test_tell_of_version_document_and_links(self, library: Library, emulator: Emulator) -> None:
        await library.upload(Portal_Upload_Id__c="u-1")

        events = list(emulator.pubsub.log.read_after(ALL_CHANGES, 0, 100))
        told = {name: event for event in events if (name := event.header["entityName"]).startswith("Content")}
        assert told.keys() == {"ContentVersion", "ContentDocument", "ContentDocumentLink"}
        assert told["ContentVersion"].header["changeType"] == "CREATE"
        assert told["ContentVersion"].body["Portal_Upload_Id__c"] == "u-1"
        assert told["ContentVersion"].body["Checksum"] == hashlib.md5(b"card").hexdigest()
        assert len({event.header["transactionKey"] for event in told.values()}) == 1

    async def test_have_topics(self, emulator: Emulator) -> None:
        schemas = emulator.pubsub.log.schemas.current

        assert {"ContentVersion", "ContentDocument", "ContentDocumentLink"} <= schemas.keys()


class TestDescribe:
    async def test_names_prefixes_and_the_field_of_bytes(self, library: Library) -> None:
        answer = await library.call("GET", "sobjects/ContentVersion/describe")

        described = answer.json()
        fields = {field["name"]: field for field in described["fields"]}
        assert (described["keyPrefix"], described["deletable"]) == ("068", False)
        assert (fields["VersionData"]["type"], fields["VersionData"]["filterable"]) == ("base64", False)
        assert fields["Portal_Upload_Id__c"]["externalId"]
        assert fields["Portal_Upload_Id__c"]["unique"]
