"""ContentDocumentLink: where a file is shown, and how it may be asked for."""

import pytest

from tests.conformance.files.library import Library
from tests.conformance.rest.caller import error_of

pytestmark = pytest.mark.asyncio


class TestLink:
    async def test_shows_a_document_on_a_record(self, library: Library, account_id: str) -> None:
        document_id = await library.get_document_id(await library.upload())

        link_id = await library.create(
            "ContentDocumentLink", ContentDocumentId=document_id, LinkedEntityId=account_id, ShareType="V"
        )

        link = await library.read("ContentDocumentLink", link_id)
        assert link_id.startswith("06A")
        assert (link["ShareType"], link["Visibility"]) == ("V", "AllUsers")
        (account,) = await library.select(
            f"SELECT (SELECT ContentDocument.Title FROM ContentDocumentLinks) FROM Account WHERE Id = '{account_id}'"
        )
        assert account["ContentDocumentLinks"]["records"][0]["ContentDocument"]["Title"] == "card"

    async def test_is_made_once(self, library: Library, account_id: str) -> None:
        version_id = await library.upload(FirstPublishLocationId=account_id)
        document_id = await library.get_document_id(version_id)
        body = {"ContentDocumentId": document_id, "LinkedEntityId": account_id, "ShareType": "V"}

        answer = await library.call("POST", "sobjects/ContentDocumentLink", json=body)

        assert error_of(answer) == {
            "errorCode": "DUPLICATE_VALUE",
            "message": f"Document with ID: {document_id} is already linked with the entity with ID: {account_id}",
            "fields": ["LinkedEntityId"],
        }
        assert len(await library.list_places(document_id)) == 2

    async def test_needs_a_share_type(self, library: Library, account_id: str) -> None:
        document_id = await library.get_document_id(await library.upload())
        body = {"ContentDocumentId": document_id, "LinkedEntityId": account_id}

        answer = await library.call("POST", "sobjects/ContentDocumentLink", json=body)

        assert error_of(answer)["errorCode"] == "REQUIRED_FIELD_MISSING"
        assert error_of(answer)["fields"] == ["ShareType"]

    async def test_to_a_record_can_be_changed_and_deleted(self, library: Library, account_id: str) -> None:
        version_id = await library.upload(FirstPublishLocationId=account_id)
        document_id = await library.get_document_id(version_id)
        (link,) = await library.select(
            f"SELECT Id FROM ContentDocumentLink WHERE LinkedEntityId = '{account_id}'"
        )
        path = f"sobjects/ContentDocumentLink/{link['Id']}"

        changed = await library.call("PATCH", path, json={"Visibility": "InternalUsers"})
        moved = await library.call("PATCH", path, json={"LinkedEntityId": library.user_id})
        deleted = await library.call("DELETE", path)

        assert (changed.status_code, deleted.status_code) == (204, 204)
        assert error_of(moved)["errorCode"] == "INVALID_FIELD_FOR_INSERT_UPDATE"
        assert await library.list_places(document_id) == {library.user_id: "I"}

    async def test_to_the_owner_can_be_neither(self, library: Library) -> None:
        document_id = await library.get_document_id(await library.upload())
        where = f"LinkedEntityId = '{library.user_id}'"
        (link,) = await library.select(f"SELECT Id FROM ContentDocumentLink WHERE {where}")
        path = f"sobjects/ContentDocumentLink/{link['Id']}"

        changed = await library.call("PATCH", path, json={"ShareType": "V"})
        deleted = await library.call("DELETE", path)

        for answer in (changed, deleted):
            assert error_of(answer)["errorCode"] == "FIELD_INTEGRITY_EXCEPTION"
        assert await library.list_places(document_id) == {library.user_id: "I"}


class TestQuery:
    @pytest.mark.parametrize(
        "where",
        [
            "",
            "WHERE ShareType = 'V'",
            "WHERE LinkedEntityId != '{account}'",
            "WHERE LinkedEntityId NOT IN ('{account}')",
            "WHERE NOT LinkedEntityId = '{account}'",
            "WHERE LinkedEntityId = '{account}' OR ShareType = 'V'",
            "WHERE LinkedEntity.Name = 'Hana'",
            "WHERE ContentDocument.LatestPublishedVersionId = '068Dp0000000001IAA'",
        ],
    )
    async def test_must_say_whose_links_it_means(self, library: Library, account_id: str, where: str) -> None:
        soql = f"FROM ContentDocumentLink {where.format(account=account_id)}"

        for answer in [
            await library.query(f"SELECT Id {soql}"),
            await library.query(f"SELECT COUNT() {soql}"),
        ]:
            assert answer.status_code == 400
            assert error_of(answer)["errorCode"] in ("MALFORMED_QUERY", "INVALID_FIELD")

    async def test_without_a_filter_is_refused_in_these_words(self, library: Library) -> None:
        answer = await library.query("SELECT Id FROM ContentDocumentLink")

        assert error_of(answer)["message"] == (
            "Implementation restriction: ContentDocumentLink requires a filter by a single Id on ContentDocumentId "
            "or LinkedEntityId using the equals operator or multiple Id's using the IN operator."
        )

    @pytest.mark.parametrize(
        "where",
        [
            "LinkedEntityId = '{account}'",
            "LinkedEntityId IN ('{account}') AND ShareType = 'V'",
            "LinkedEntityId = '{account}' AND ContentDocument.FileType = 'JPG'",
            "LinkedEntityId IN (SELECT Id FROM Account)",
            "ContentDocumentId = '{document}' AND LinkedEntityId = '{account}'",
            "(LinkedEntityId = '{account}' OR LinkedEntityId = '001Dp0000000009IAA')",
        ],
    )
    async def test_that_does_is_answered(self, library: Library, account_id: str, where: str) -> None:
        version_id = await library.upload(FirstPublishLocationId=account_id)
        document_id = await library.get_document_id(version_id)

        links = await library.select(
            "SELECT ContentDocumentId FROM ContentDocumentLink WHERE "
            + where.format(account=account_id, document=document_id)
        )

        assert [link["ContentDocumentId"] for link in links] == [document_id]

    async def test_by_document_may_not_filter_on_other_fields(self, library: Library) -> None:
        document_id = await library.get_document_id(await library.upload())
        where = f"ContentDocumentId = '{document_id}' AND ShareType = 'V'"

        answer = await library.query(f"SELECT Id FROM ContentDocumentLink WHERE {where}")

        assert error_of(answer)["errorCode"] == "MALFORMED_QUERY"
        assert "filtering on non-id fields" in error_of(answer)["message"]

    async def test_may_not_be_an_inner_select(self, library: Library, account_id: str) -> None:
        inner = f"SELECT ContentDocumentId FROM ContentDocumentLink WHERE LinkedEntityId = '{account_id}'"

        answer = await library.query(f"SELECT Id FROM ContentDocument WHERE Id IN ({inner})")

        assert error_of(answer)["errorCode"] == "MALFORMED_QUERY"
        assert "not supported for semi join inner selects" in error_of(answer)["message"]
