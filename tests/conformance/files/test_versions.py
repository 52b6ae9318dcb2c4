"""ContentVersion and ContentDocument: what an upload makes, and what is refused."""

import hashlib
from typing import Any

import pytest

from sf_sync.emulator.app import Emulator
from tests.conformance.files.library import Library, encode
from tests.conformance.rest.caller import DATA, error_of

pytestmark = pytest.mark.asyncio

FILE = {"PathOnClient": "card.jpg", "VersionData": encode(b"card")}


class TestFirstVersion:
    async def test_gets_a_document_of_its_own(self, library: Library) -> None:
        version = await library.read("ContentVersion", await library.upload())

        document = await library.read("ContentDocument", version["ContentDocumentId"])
        assert version["Id"].startswith("068")
        assert document["Id"].startswith("069")
        assert (version["IsLatest"], version["VersionNumber"]) == (True, "1")
        assert document["LatestPublishedVersionId"] == version["Id"]
        assert document["Title"] == "card"

    async def test_tells_the_facts_of_its_bytes(self, library: Library) -> None:
        content = b"%PDF-1.7 " + bytes(1_000)

        version = await library.read("ContentVersion", await library.upload(content, path="a/b/Card 1.PDF"))

        assert version["Checksum"] == hashlib.md5(content).hexdigest()
        assert version["ContentSize"] == len(content)
        assert (version["FileType"], version["FileExtension"], version["Title"]) == ("PDF", "PDF", "Card 1")

    @pytest.mark.parametrize(
        ("path", "file_type"),
        [
            ("a.jpeg", "JPG"),
            ("a.png", "PNG"),
            ("a.heic", "UNKNOWN"),
            ("a", "UNKNOWN"),
            ("C:\\x\\a.pdf", "PDF"),
        ],
    )
    async def test_has_a_type_by_its_extension(self, library: Library, path: str, file_type: str) -> None:
        version = await library.read("ContentVersion", await library.upload(path=path))

        assert version["FileType"] == file_type

    async def test_appears_on_its_first_place_in_the_same_commit(
        self, library: Library, emulator: Emulator, account_id: str
    ) -> None:
        version_id = await library.upload(FirstPublishLocationId=account_id)

        places = await library.list_places(await library.get_document_id(version_id))
        assert places == {library.user_id: "I", account_id: "V"}
        entities = [change.entity for change in emulator.org.commits[-1].changes]
        assert sorted(entities) == [
            "ContentDocument", "ContentDocumentLink", "ContentDocumentLink", "ContentVersion",
        ]  # fmt: skip

    async def test_is_read_as_an_address_of_its_bytes(self, library: Library) -> None:
        content = bytes(range(256))
        version_id = await library.upload(content)
        address = (await library.read("ContentVersion", version_id))["VersionData"]

        answer = await library.call("GET", address, headers={"Accept": "image/jpeg"})

        assert address == f"{DATA}/sobjects/ContentVersion/{version_id}/VersionData"
        assert answer.content == content
        assert answer.headers["content-type"] == "application/octetstream"

    async def test_is_made_by_upsert_and_found_by_it(self, library: Library) -> None:
        path = "sobjects/ContentVersion/Portal_Upload_Id__c/u-1"

        made = await library.call("PATCH", path, json=FILE)
        found = await library.call("PATCH", path, json={"Title": "Residence card"})

        assert (made.status_code, found.status_code) == (201, 200)
        assert made.json()["id"] == found.json()["id"]
        assert (await library.call("GET", path)).json()["Title"] == "Residence card"

    async def test_is_made_by_a_collection_and_by_a_composite(
        self, library: Library, account_id: str
    ) -> None:
        record = {"attributes": {"type": "ContentVersion"}, **FILE}
        sub = {
            "method": "POST",
            "url": f"{DATA}/sobjects/ContentVersion",
            "referenceId": "file",
            "body": {**FILE, "FirstPublishLocationId": account_id},
        }

        many = await library.call("POST", "composite/sobjects", json={"records": [record, record]})
        one = await library.call("POST", "composite", json={"compositeRequest": [sub]})

        assert [each["success"] for each in many.json()] == [True, True]
        assert one.json()["compositeResponse"][0]["httpStatusCode"] == 201
        assert len(await library.select("SELECT Id FROM ContentDocument")) == 3


class TestNextVersion:
    async def test_takes_the_place_of_the_latest(self, library: Library) -> None:
        document_id = await library.get_document_id(await library.upload(b"one", path="one.jpg"))

        second = await library.upload(b"two", path="two.pdf", ContentDocumentId=document_id)

        versions = await library.list_versions(document_id)
        document = await library.read("ContentDocument", document_id)
        assert [(each["VersionNumber"], each["IsLatest"]) for each in versions] == [("1", False), ("2", True)]
        assert document["LatestPublishedVersionId"] == second
        assert (document["Title"], document["FileType"], document["ContentSize"]) == ("two", "PDF", 3)

    async def test_makes_no_new_link(self, library: Library, account_id: str) -> None:
        first = await library.upload(FirstPublishLocationId=account_id)
        document_id = await library.get_document_id(first)

        await library.upload(ContentDocumentId=document_id)

        assert await library.list_places(document_id) == {library.user_id: "I", account_id: "V"}

    async def test_leaves_the_bytes_of_the_earlier_one(self, library: Library) -> None:
        first = await library.upload(b"one")
        await library.upload(b"two", ContentDocumentId=await library.get_document_id(first))

        answer = await library.call("GET", f"sobjects/ContentVersion/{first}/VersionData")

        assert answer.content == b"one"

    async def test_is_the_only_one_that_may_be_changed(self, library: Library) -> None:
        first = await library.upload()
        document_id = await library.get_document_id(first)
        second = await library.upload(ContentDocumentId=document_id)

        late = await library.call("PATCH", f"sobjects/ContentVersion/{first}", json={"Title": "Old"})
        fine = await library.call("PATCH", f"sobjects/ContentVersion/{second}", json={"Title": "New"})

        assert error_of(late)["errorCode"] == "FIELD_INTEGRITY_EXCEPTION"
        assert fine.status_code == 204
        assert (await library.read("ContentDocument", document_id))["Title"] == "New"


class TestRefusals:
    @pytest.mark.parametrize(
        ("body", "code", "fields"),
        [
            ({"VersionData": encode(b"x")}, "REQUIRED_FIELD_MISSING", ["PathOnClient"]),
            ({"PathOnClient": "a.jpg"}, "REQUIRED_FIELD_MISSING", ["VersionData"]),
            ({"PathOnClient": "a.jpg", "VersionData": ""}, "REQUIRED_FIELD_MISSING", ["VersionData"]),
            ({"PathOnClient": "a.jpg", "VersionData": "not base64!"}, "JSON_PARSER_ERROR", None),
            ({"PathOnClient": "a.jpg", "VersionData": 7}, "JSON_PARSER_ERROR", None),
            ({**FILE, "Checksum": "0" * 32}, "INVALID_FIELD_FOR_INSERT_UPDATE", ["Checksum"]),
            ({**FILE, "IsLatest": True}, "INVALID_FIELD_FOR_INSERT_UPDATE", ["IsLatest"]),
            ({**FILE, "ContentUrl": "https://example.com"}, "INVALID_FIELD", None),
            ({**FILE, "ContentLocation": "E"}, "INVALID_OR_NULL_FOR_RESTRICTED_PICKLIST", ["ContentLocation"]),
            ({**FILE, "ContentDocumentId": "069Dp0000000099IAA"}, "INVALID_CROSS_REFERENCE_KEY",
             ["ContentDocumentId"]),
            ({**FILE, "FirstPublishLocationId": "001Dp0000000099IAA"}, "INVALID_CROSS_REFERENCE_KEY",
             ["FirstPublishLocationId"]),
        ],
    )  # fmt: skip
    async def test_name_the_field(
        self, library: Library, body: dict[str, Any], code: str, fields: list[str] | None
    ) -> None:
        answer = await library.call("POST", "sobjects/ContentVersion", json=body)

        assert answer.status_code == 400
        assert error_of(answer)["errorCode"] == code
        assert error_of(answer).get("fields") == fields
        assert await library.select("SELECT Id FROM ContentDocument") == []

    async def test_a_first_place_for_a_next_version(self, library: Library, account_id: str) -> None:
        document_id = await library.get_document_id(await library.upload())
        body = {**FILE, "ContentDocumentId": document_id, "FirstPublishLocationId": account_id}

        answer = await library.call("POST", "sobjects/ContentVersion", json=body)

        assert error_of(answer)["errorCode"] == "FIELD_INTEGRITY_EXCEPTION"
        assert len(await library.list_versions(document_id)) == 1

    async def test_a_second_upload_with_the_same_id_naming_the_first(
        self, library: Library, account_id: str
    ) -> None:
        first = await library.upload(b"one", Portal_Upload_Id__c="U-1")
        body = {**FILE, "Portal_Upload_Id__c": "u-1", "FirstPublishLocationId": account_id}

        answer = await library.call("POST", "sobjects/ContentVersion", json=body)

        assert error_of(answer) == {
            "errorCode": "DUPLICATE_VALUE",
            "message": f"duplicate value found: Portal_Upload_Id__c duplicates value on record with id: {first}",
            "fields": [],
        }
        assert len(await library.select("SELECT Id FROM ContentDocument")) == 1

    @pytest.mark.parametrize("field", ["VersionData", "PathOnClient", "ContentDocumentId", "OwnerId"])
    async def test_to_change_what_a_version_is(self, library: Library, field: str) -> None:
        version_id = await library.upload()
        values = {
            "VersionData": encode(b"other"),
            "ContentDocumentId": await library.get_document_id(version_id),
            "OwnerId": library.user_id,
        }

        answer = await library.call(
            "PATCH", f"sobjects/ContentVersion/{version_id}", json={field: values.get(field, "other.jpg")}
        )

        assert error_of(answer)["errorCode"] == "INVALID_FIELD_FOR_INSERT_UPDATE"

    async def test_to_delete_a_version(self, library: Library) -> None:
        version_id = await library.upload()

        one = await library.call("DELETE", f"sobjects/ContentVersion/{version_id}")
        many = await library.call("DELETE", "composite/sobjects", params={"ids": version_id})

        assert error_of(one)["errorCode"] == "CANNOT_INSERT_UPDATE_ACTIVATE_ENTITY"
        assert many.json()[0]["errors"][0]["statusCode"] == "CANNOT_INSERT_UPDATE_ACTIVATE_ENTITY"
        assert (await library.read("ContentVersion", version_id))["IsLatest"]

    async def test_to_write_a_document_by_hand(self, library: Library) -> None:
        document_id = await library.get_document_id(await library.upload())

        made = await library.call("POST", "sobjects/ContentDocument", json={"Title": "x"})
        changed = await library.call("PATCH", f"sobjects/ContentDocument/{document_id}", json={"Title": "x"})

        for answer in (made, changed):
            assert error_of(answer)["errorCode"] == "CANNOT_INSERT_UPDATE_ACTIVATE_ENTITY"

    async def test_bytes_inside_an_answer_of_json(self, library: Library) -> None:
        version_id = await library.upload()
        url = f"{DATA}/sobjects/ContentVersion/{version_id}/VersionData"
        composite = {"compositeRequest": [{"method": "GET", "url": url, "referenceId": "bytes"}]}
        batch = {"batchRequests": [{"method": "GET", "url": url}]}

        first = (await library.call("POST", "composite", json=composite)).json()["compositeResponse"][0]
        second = (await library.call("POST", "composite/batch", json=batch)).json()["results"][0]

        assert first["body"][0]["errorCode"] == "INVALID_INPUT"
        assert second["result"][0]["errorCode"] == "INVALID_INPUT"

    @pytest.mark.parametrize(
        ("version_id", "status"), [("068Dp0000000099IAA", 404), ("001Dp0000000001IAA", 404), ("068nope", 404)]
    )
    async def test_bytes_of_what_is_not_there(self, library: Library, version_id: str, status: int) -> None:
        answer = await library.call("GET", f"sobjects/ContentVersion/{version_id}/VersionData")

        assert answer.status_code == status


class TestDocument:
    async def test_goes_with_its_versions_and_links(self, library: Library, account_id: str) -> None:
        first = await library.upload(FirstPublishLocationId=account_id)
        document_id = await library.get_document_id(first)
        await library.upload(ContentDocumentId=document_id)

        answer = await library.call("DELETE", f"sobjects/ContentDocument/{document_id}")

        assert answer.status_code == 204
        assert await library.list_versions(document_id) == []
        assert await library.list_places(document_id) == {}
        gone = await library.call("GET", f"sobjects/ContentVersion/{first}/VersionData")
        assert error_of(gone)["errorCode"] == "ENTITY_IS_DELETED"
        bin_ = await library.select(
            "SELECT Id FROM ContentVersion WHERE IsDeleted = TRUE", resource="queryAll"
        )
        assert len(bin_) == 2

    async def test_stays_when_the_record_that_shows_it_goes(self, library: Library, account_id: str) -> None:
        version_id = await library.upload(FirstPublishLocationId=account_id)
        document_id = await library.get_document_id(version_id)

        await library.call("DELETE", f"sobjects/Account/{account_id}")

        assert await library.list_places(document_id) == {library.user_id: "I"}

    async def test_frees_the_upload_id(self, library: Library) -> None:
        document_id = await library.get_document_id(await library.upload(Portal_Upload_Id__c="u-1"))
        await library.call("DELETE", f"sobjects/ContentDocument/{document_id}")

        assert await library.upload(Portal_Upload_Id__c="u-1")

    async def test_is_reached_from_its_version_and_back(self, library: Library) -> None:
        version_id = await library.upload()

        (version,) = await library.select("SELECT ContentDocument.Title FROM ContentVersion")
        (document,) = await library.select(
            "SELECT LatestPublishedVersion.Checksum, (SELECT Id FROM ContentVersions) FROM ContentDocument"
        )

        assert version["ContentDocument"]["Title"] == "card"
        assert document["LatestPublishedVersion"]["Checksum"] == hashlib.md5(b"card").hexdigest()
        assert document["ContentVersions"]["records"][0]["Id"] == version_id
