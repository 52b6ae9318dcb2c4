"""Uploads as multipart/form-data: what the platform takes besides base64 in JSON."""

import asyncio
import hashlib
import json
from typing import Any

import httpx
import pytest
from simple_salesforce import Salesforce

from tests.conformance.files.library import Library, encode
from tests.conformance.rest.caller import DATA, error_of
from tests.fixtures.emulator import EmulatorServer

pytestmark = pytest.mark.asyncio

Parts = dict[str, tuple[str | None, bytes, str]]


def make_parts(content: bytes, **fields: Any) -> Parts:
    entity = json.dumps({"PathOnClient": "card.pdf", **fields}).encode()
    return {
        "entity_content": (None, entity, "application/json"),
        "VersionData": ("card.pdf", content, "application/pdf"),
    }


async def send(library: Library, parts: Any, path: str = "sobjects/ContentVersion") -> httpx.Response:
    return await library.call("POST", path, files=parts)


class TestMultipart:
    async def test_stores_the_bytes_as_they_come(self, library: Library, account_id: str) -> None:
        content = b"--looks like\r\n--a boundary\r\n" + bytes(range(256)) * 40

        answer = await send(library, make_parts(content, Title="Card", FirstPublishLocationId=account_id))

        assert answer.status_code == 201
        version = await library.read("ContentVersion", answer.json()["id"])
        assert version["Checksum"] == hashlib.md5(content).hexdigest()
        assert (version["Title"], version["FileType"]) == ("Card", "PDF")
        assert account_id in await library.list_places(version["ContentDocumentId"])

    async def test_upserts_by_external_id(self, library: Library) -> None:
        path = "sobjects/ContentVersion/Portal_Upload_Id__c/u-1"

        answer = await library.call("PATCH", path, files=make_parts(b"card"))

        assert answer.status_code == 201
        assert answer.json()["created"] is True

    async def test_adds_a_version(self, library: Library) -> None:
        document_id = await library.get_document_id(await library.upload())

        await send(library, make_parts(b"two", ContentDocumentId=document_id))

        assert len(await library.list_versions(document_id)) == 2

    @pytest.mark.parametrize(
        ("parts", "code"),
        [
            ({"VersionData": ("a.pdf", b"x", "application/pdf")}, "INVALID_MULTIPART_REQUEST"),
            ({**make_parts(b"x"), "Other": ("b.pdf", b"x", "application/pdf")}, "INVALID_MULTIPART_REQUEST"),
            ({**make_parts(b"x"), "Body": (None, b"x", "text/plain")}, "INVALID_MULTIPART_REQUEST"),
            (
                {**make_parts(b"x"), "entity_content": ("fields.json", b"{}", "application/json")},
                "INVALID_MULTIPART_REQUEST",
            ),
            (
                {**make_parts(b"x"), "entity_content": (None, b"<x/>", "text/xml")},
                "INVALID_MULTIPART_REQUEST",
            ),
            ({**make_parts(b"x"), "entity_content": (None, b"{", "application/json")}, "JSON_PARSER_ERROR"),
            ({**make_parts(b"x"), "entity_content": (None, b"[]", "application/json")}, "JSON_PARSER_ERROR"),
            (make_parts(b"x", VersionData=encode(b"y")), "INVALID_MULTIPART_REQUEST"),
            (make_parts(b""), "REQUIRED_FIELD_MISSING"),
            (make_parts(b"x", Nonsense=1), "INVALID_FIELD"),
            ([("VersionData", ("a", b"x"))] * 20, "INVALID_MULTIPART_REQUEST"),
        ],
    )
    async def test_of_another_form_is_refused(self, library: Library, parts: Any, code: str) -> None:
        answer = await send(library, parts)

        assert answer.status_code == 400
        assert error_of(answer)["errorCode"] == code

    @pytest.mark.parametrize(
        ("content_type", "body"),
        [
            ("multipart/form-data", b"--x\r\n"),
            ("multipart/form-data; boundary=x", b"no boundary at all"),
            (
                "multipart/form-data; boundary=x",
                b'--x\r\nContent-Disposition: form-data; name="entity_content"',
            ),
        ],
    )
    async def test_that_is_broken_is_refused(self, library: Library, content_type: str, body: bytes) -> None:
        answer = await library.call(
            "POST", "sobjects/ContentVersion", content=body, headers={"Content-Type": content_type}
        )

        assert error_of(answer)["errorCode"] == "INVALID_MULTIPART_REQUEST"

    @pytest.mark.parametrize(
        "path", ["sobjects/Account", "composite", "composite/sobjects", "sobjects/ContentDocument"]
    )
    async def test_is_for_versions_only(self, library: Library, path: str) -> None:
        answer = await send(library, make_parts(b"x"), path)

        assert answer.status_code == 415


class TestSession:
    async def test_of_simple_salesforce_sends_and_reads_a_file(self, emulator_server: EmulatorServer) -> None:
        emulator, url = emulator_server.emulator, emulator_server.url
        session = emulator.sessions.issue(
            org_id=emulator.org.org_id, user_id="005Dp0000000002IAA", client_id="portal-bff"
        )
        salesforce = Salesforce(session_id=session.token, instance=url.partition("//")[2], version="66.0")
        authorized = {"Authorization": f"Bearer {salesforce.session_id}"}
        address = f"{url}{DATA}/sobjects/ContentVersion"
        content = bytes(range(256)) * 1_000

        made = await asyncio.to_thread(
            salesforce.session.post, address, headers=authorized, files=make_parts(content)
        )
        read = await asyncio.to_thread(
            salesforce.session.get, f"{address}/{made.json()['id']}/VersionData", headers=authorized
        )

        assert made.status_code == 201
        assert read.content == content


class TestSize:
    async def test_of_37_mb_goes_through_json(self, library: Library) -> None:
        content = bytes(37 * 1024 * 1024)

        version_id = await library.upload(content)

        version = await library.read("ContentVersion", version_id)
        assert version["ContentSize"] == len(content)

    async def test_of_40_mb_goes_through_multipart(self, library: Library) -> None:
        answer = await send(library, make_parts(bytes(40 * 1024 * 1024)))

        assert answer.status_code == 201

    async def test_over_the_limit_of_a_request_is_refused(self, library: Library) -> None:
        answer = await send(library, make_parts(bytes(50 * 1024 * 1024)))

        assert answer.status_code == 413
