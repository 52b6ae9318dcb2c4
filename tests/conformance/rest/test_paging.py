"""Query results over several pages."""

import msgspec
import pytest
import pytest_asyncio

from tests.conformance.rest.caller import DATA, Caller, error_of


@pytest_asyncio.fixture
async def crowd(caller: Caller) -> Caller:
    """450 accounts."""
    for start in range(0, 450, 150):
        records = [{"attributes": {"type": "Account"}, "Name": f"A{start + n:03d}"} for n in range(150)]
        await caller.call("POST", "composite/sobjects", json={"records": records})
    return caller


class TestPaging:
    @pytest.mark.asyncio
    async def test_follows_locators_to_the_end(self, crowd: Caller) -> None:
        answer = await crowd.query(
            "SELECT Name FROM Account ORDER BY Name", headers={"Sforce-Query-Options": "batchSize=200"}
        )
        pages = [answer.json()]
        while "nextRecordsUrl" in pages[-1]:
            assert pages[-1]["nextRecordsUrl"].startswith(f"{DATA}/query/01g")
            pages.append((await crowd.call("GET", pages[-1]["nextRecordsUrl"])).json())

        assert [len(page["records"]) for page in pages] == [200, 200, 50]
        assert [page["done"] for page in pages] == [False, False, True]
        assert {page["totalSize"] for page in pages} == {450}
        assert pages[0]["nextRecordsUrl"].endswith("-200")
        names = [record["Name"] for page in pages for record in page["records"]]
        assert names == [f"A{n:03d}" for n in range(450)]

    @pytest.mark.asyncio
    @pytest.mark.parametrize(
        ("options", "size"), [("batchSize=1", 200), ("batchSize=300", 300), ("BatchSize = 9999", 450)]
    )
    async def test_keeps_the_page_between_its_bounds(self, crowd: Caller, options: str, size: int) -> None:
        answer = await crowd.query("SELECT Id FROM Account", headers={"Sforce-Query-Options": options})

        assert len(answer.json()["records"]) == size

    @pytest.mark.asyncio
    async def test_shows_rows_as_they_were_when_the_query_ran(self, crowd: Caller) -> None:
        answer = await crowd.query(
            "SELECT Name FROM Account", headers={"Sforce-Query-Options": "batchSize=200"}
        )
        (last,) = await crowd.select("SELECT Id FROM Account WHERE Name = 'A449'")
        await crowd.call("PATCH", f"sobjects/Account/{last['Id']}", json={"Name": "changed"})

        url = answer.json()["nextRecordsUrl"].replace("-200", "-400")
        assert (await crowd.call("GET", url)).json()["records"][-1]["Name"] == "A449"

    @pytest.mark.asyncio
    @pytest.mark.parametrize("locator", ["01gDp0000000099AAA-200", "01gDp0000000099AAA", "nonsense"])
    async def test_refuses_an_unknown_locator(self, caller: Caller, locator: str) -> None:
        answer = await caller.call("GET", f"query/{locator}")

        assert answer.status_code == 400
        assert error_of(answer)["errorCode"] == "INVALID_QUERY_LOCATOR"

    @pytest.mark.asyncio
    async def test_closes_the_oldest_of_eleven_cursors(self, crowd: Caller) -> None:
        urls = []
        for _ in range(11):
            answer = await crowd.query(
                "SELECT Id FROM Account", headers={"Sforce-Query-Options": "batchSize=200"}
            )
            urls.append(answer.json()["nextRecordsUrl"])

        assert error_of(await crowd.call("GET", urls[0]))["errorCode"] == "INVALID_QUERY_LOCATOR"
        assert (await crowd.call("GET", urls[1])).status_code == 200

    @pytest.mark.asyncio
    async def test_refuses_to_page_aggregates(self, crowd: Caller) -> None:
        answer = await crowd.query(
            "SELECT Name, COUNT(Id) FROM Account GROUP BY Name",
            headers={"Sforce-Query-Options": "batchSize=200"},
        )

        assert error_of(answer)["errorCode"] == "EXCEEDED_ID_LIMIT"

    @pytest.mark.asyncio
    async def test_refuses_odd_options(self, caller: Caller) -> None:
        answer = await caller.query(
            "SELECT Id FROM Account", headers={"Sforce-Query-Options": "batchSize=many"}
        )

        assert answer.status_code == 400


class TestSpeed:
    @pytest.mark.asyncio
    async def test_of_a_lookup_does_not_grow_with_the_table(self, caller: Caller) -> None:
        """Counted by rows that a filter sees, so that a busy machine cannot fail it."""
        org = caller.emulator.org
        with org.transaction(user_id=caller.user_id) as transaction:
            ids = [
                transaction.insert("Account", {"Name": f"A{n}", "Portal_Customer_Id__c": f"key-{n}"})
                for n in range(3_000)
            ]
        seen = _CountedRows(org.tables["Account"].rows)
        org.tables["Account"].rows = seen

        for condition in (
            f"Id = '{ids[7]}'",
            "Portal_Customer_Id__c = 'key-9'",
            f"Id IN ('{ids[1]}', '{ids[2]}')",
        ):
            await caller.select(f"SELECT Name FROM Account WHERE {condition} AND IsDeleted = false")

        assert seen.scans == 0


class _CountedRows(dict[str, dict[str, object]]):
    scans = 0

    def values(self):  # type: ignore[no-untyped-def]
        self.scans += 1
        return super().values()


class TestRawBody:
    @pytest.mark.asyncio
    async def test_is_json_in_utf_8(self, caller: Caller) -> None:
        await caller.create("Account", Name="佐藤 花")
        answer = await caller.query("SELECT Name FROM Account")

        assert answer.headers["content-type"] == "application/json;charset=UTF-8"
        assert msgspec.json.decode(answer.content)["records"][0]["Name"] == "佐藤 花"
