"""SOQL: what finds what, and how a bad query is refused."""

from datetime import UTC, datetime, timedelta

import pytest
import pytest_asyncio

from sf_sync.emulator.app import Emulator, create_emulator
from sf_sync.emulator.settings import EmulatorSettings
from tests.conformance.rest.caller import Caller, error_of

NOW = datetime(2026, 11, 18, 10, 30, tzinfo=UTC)
"""A Wednesday."""


@pytest.fixture
def emulator() -> Emulator:
    return create_emulator(EmulatorSettings(), now=lambda: NOW)


@pytest_asyncio.fixture
async def shop(caller: Caller) -> Caller:
    """Four accounts A to D and three cases of A."""
    names = [
        {"Name": "Alpha", "NumberOfEmployees": 5, "Industry": "Retail", "Portal_Customer_Id__c": "k-a"},
        {"Name": "beta", "NumberOfEmployees": 50, "Internet_Eligibility_Status__c": "Pending"},
        {"Name": "Gamma%", "AnnualRevenue": 15, "Industry": "Banking", "Site": 'It\'s "here"'},
        {"Name": "Delta_1", "Internet_Eligibility_Request_Date_Time__c": "2026-11-17T23:59:59Z"},
    ]
    ids = [await caller.create("Account", **values) for values in names]
    contact_id = await caller.create("Contact", LastName="Sato", AccountId=ids[0], Birthdate="1990-02-03")
    for status in ("New", "Closed", "Working"):
        await caller.create("Case", AccountId=ids[0], ContactId=contact_id, Status=status, Subject=status)
    return caller


CONDITIONS = [
    ("Name = 'alpha'", "Alpha"),
    ("name = 'ALPHA'", "Alpha"),
    ("Name != 'Alpha'", "beta Gamma% Delta_1"),
    ("Name <> 'Alpha'", "beta Gamma% Delta_1"),
    ("Industry = null", "beta Delta_1"),
    ("Industry != NULL", "Alpha Gamma%"),
    ("Industry != 'Retail'", "beta Gamma% Delta_1"),
    ("Industry IN ('Retail', 'Banking')", "Alpha Gamma%"),
    ("Industry in ('Retail', null)", "Alpha beta Delta_1"),
    ("Industry NOT IN ('Retail')", "beta Gamma% Delta_1"),
    ("NumberOfEmployees > 5", "beta"),
    ("NumberOfEmployees >= 5", "Alpha beta"),
    ("NumberOfEmployees < 50.5", "Alpha beta"),
    ("NumberOfEmployees <= -1", ""),
    ("AnnualRevenue = 15.0", "Gamma%"),
    ("Name > 'b'", "beta Gamma% Delta_1"),
    ("Name LIKE 'a%'", "Alpha"),
    ("Name LIKE '%A'", "Alpha beta"),
    ("Name LIKE '%a%a%'", "Alpha Gamma%"),
    ("Name LIKE '_eta'", "beta"),
    (r"Name LIKE '%\%'", "Gamma%"),
    (r"Name LIKE 'delta\_1'", "Delta_1"),
    (r"Name LIKE 'delta\_2'", ""),
    (r"""Site = 'It\'s \"here\"'""", "Gamma%"),
    ("Portal_Customer_Id__c = 'K-A'", "Alpha"),
    ("Portal_Customer_Id__c IN ('k-a', 'k-b')", "Alpha"),
    ("IsDeleted = false AND Name = 'beta'", "beta"),
    ("NOT Name = 'beta' AND Industry != null", "Alpha Gamma%"),
    ("NOT (Name = 'beta' OR Industry != null)", "Delta_1"),
    ("(Name = 'beta' OR Name = 'Alpha') AND NumberOfEmployees > 10", "beta"),
    ("Owner.Name = 'Portal Integration' AND Name = 'beta'", "beta"),
    ("RecordType.DeveloperName = 'Portal_Customer' AND Name = 'beta'", "beta"),
    ("Internet_Eligibility_Request_Date_Time__c = YESTERDAY", "Delta_1"),
    ("Internet_Eligibility_Request_Date_Time__c = TODAY", ""),
    ("Internet_Eligibility_Request_Date_Time__c < TODAY", "Delta_1"),
    ("Internet_Eligibility_Request_Date_Time__c = LAST_N_DAYS:1", "Delta_1"),
    ("Internet_Eligibility_Request_Date_Time__c = LAST_N_DAYS:0", ""),
    ("Internet_Eligibility_Request_Date_Time__c = THIS_WEEK", "Delta_1"),
    ("Internet_Eligibility_Request_Date_Time__c > LAST_MONTH", "Delta_1"),
    ("Internet_Eligibility_Request_Date_Time__c <= 2026-11-17T23:59:59Z", "Delta_1"),
    ("Internet_Eligibility_Request_Date_Time__c = 2026-11-18T08:59:59+09:00", "Delta_1"),
    ("CreatedDate = TODAY", "Alpha beta Gamma% Delta_1"),
    ("Id IN (SELECT AccountId FROM Case WHERE IsClosed = true)", "Alpha"),
    ("Id NOT IN (SELECT AccountId FROM Case)", "beta Gamma% Delta_1"),
]


class TestWhere:
    @pytest.mark.asyncio
    @pytest.mark.parametrize(("condition", "names"), CONDITIONS)
    async def test_finds(self, shop: Caller, condition: str, names: str) -> None:
        rows = await shop.select(f"SELECT Name FROM Account WHERE {condition}")

        assert " ".join(row["Name"] for row in rows) == names

    @pytest.mark.asyncio
    async def test_takes_ids_of_15_and_18_characters(self, shop: Caller) -> None:
        (row,) = await shop.select("SELECT Id FROM Account WHERE Name = 'beta'")

        for record_id in (row["Id"], row["Id"][:15]):
            assert await shop.select(f"SELECT Id FROM Account WHERE Id = '{record_id}'") == [row]
            assert await shop.select(
                f"SELECT Id FROM Account WHERE Id IN ('{record_id}') AND Name = 'beta'"
            ) == [row]

    @pytest.mark.asyncio
    async def test_compares_dates_of_days(self, shop: Caller) -> None:
        assert len(await shop.select("SELECT Id FROM Contact WHERE Birthdate = 1990-02-03")) == 1
        assert len(await shop.select("SELECT Id FROM Contact WHERE Birthdate > 1990-02-03")) == 0

    @pytest.mark.asyncio
    async def test_reads_plus_as_a_space(self, shop: Caller) -> None:
        answer = await shop.call("GET", "query/?q=SELECT+Id+FROM+Account+WHERE+Name+=+'beta'")

        assert answer.json()["totalSize"] == 1


class TestSelect:
    @pytest.mark.asyncio
    async def test_nests_parents(self, shop: Caller) -> None:
        (row,) = await shop.select(
            "SELECT c.Id, Account.Name, Account.Owner.Username, Contact.Account.Name, Parent.Id FROM Case c "
            "WHERE c.Status = 'New'"
        )

        assert row["Account"]["Name"] == "Alpha"
        assert row["Account"]["attributes"]["type"] == "Account"
        assert row["Account"]["Owner"]["Username"] == "integration@portal.example"
        assert row["Contact"]["Account"]["Name"] == "Alpha"
        assert row["Parent"] is None
        assert list(row) == ["attributes", "Id", "Account", "Contact", "Parent"]

    @pytest.mark.asyncio
    async def test_nests_children(self, shop: Caller) -> None:
        rows = await shop.select(
            "SELECT Name, (SELECT Subject FROM Cases WHERE IsClosed = false ORDER BY Subject LIMIT 1), "
            "(SELECT Id FROM Contacts) FROM Account WHERE Name IN ('Alpha', 'beta') ORDER BY Name"
        )

        assert rows[0]["Cases"]["totalSize"] == 1
        assert rows[0]["Cases"]["done"] is True
        assert rows[0]["Cases"]["records"][0]["Subject"] == "New"
        assert rows[0]["Contacts"]["totalSize"] == 1
        assert (rows[1]["Cases"], rows[1]["Contacts"]) == (None, None)

    @pytest.mark.asyncio
    async def test_knows_groups_of_fields(self, shop: Caller) -> None:
        (whole,) = await shop.select("SELECT FIELDS(ALL) FROM Account WHERE Name = 'Alpha' LIMIT 1")
        (custom,) = await shop.select("SELECT FIELDS(CUSTOM) FROM Account WHERE Name = 'Alpha' LIMIT 200")
        (standard,) = await shop.select("SELECT Fields(Standard) FROM Account WHERE Name = 'Alpha'")

        assert all(name.endswith("__c") for name in custom if name != "attributes")
        assert whole == custom | standard

    @pytest.mark.asyncio
    async def test_counts(self, shop: Caller) -> None:
        answer = (await shop.query("SELECT COUNT() FROM Case WHERE IsClosed = false")).json()
        assert answer == {"totalSize": 2, "done": True, "records": []}

        rows = await shop.select(
            "SELECT IsClosed, COUNT(Id) cases, COUNT(AccountId) FROM Case GROUP BY IsClosed"
        )
        assert [(row["IsClosed"], row["cases"], row["expr0"]) for row in rows] == [
            (False, 2, 2),
            (True, 1, 1),
        ]
        (row,) = await shop.select(
            "SELECT MAX(NumberOfEmployees) most, SUM(AnnualRevenue), AVG(AnnualRevenue) FROM Account"
        )
        assert (row["most"], row["expr0"], row["expr1"]) == (50, 15.0, 15.0)
        assert row["attributes"] == {"type": "AggregateResult"}

    @pytest.mark.asyncio
    @pytest.mark.parametrize(
        ("clause", "names"),
        [
            ("ORDER BY Name", "Alpha beta Delta_1 Gamma%"),
            ("ORDER BY Name DESC", "Gamma% Delta_1 beta Alpha"),
            ("ORDER BY Industry, Name", "beta Delta_1 Gamma% Alpha"),
            ("ORDER BY Industry NULLS LAST, Name DESC", "Gamma% Alpha Delta_1 beta"),
            ("ORDER BY Industry DESC, Name", "beta Delta_1 Alpha Gamma%"),
            ("ORDER BY Industry DESC NULLS LAST, Name ASC", "Alpha Gamma% beta Delta_1"),
            ("ORDER BY Name LIMIT 2", "Alpha beta"),
            ("ORDER BY Name LIMIT 2 OFFSET 3", "Gamma%"),
            ("ORDER BY Name OFFSET 3", "Gamma%"),
            ("LIMIT 0", ""),
        ],
    )
    async def test_orders_and_cuts(self, shop: Caller, clause: str, names: str) -> None:
        rows = await shop.select(f"SELECT Name FROM Account {clause}")

        assert " ".join(row["Name"] for row in rows) == names

    @pytest.mark.asyncio
    async def test_leaves_deleted_rows_to_query_all(self, shop: Caller) -> None:
        (row,) = await shop.select("SELECT Id FROM Account WHERE Name = 'beta'")
        await shop.call("DELETE", f"sobjects/Account/{row['Id']}")

        assert await shop.select(f"SELECT Id FROM Account WHERE Id = '{row['Id']}'") == []
        deleted = await shop.select("SELECT Name FROM Account WHERE IsDeleted = true", resource="queryAll")
        assert [each["Name"] for each in deleted] == ["beta"]


REFUSED = [
    ("SELECT Nickname FROM Account", "INVALID_FIELD"),
    ("SELECT Id FROM Account WHERE Nickname = 'x'", "INVALID_FIELD"),
    ("SELECT Id FROM Account ORDER BY Nickname", "INVALID_FIELD"),
    ("SELECT Boss.Name FROM Account", "INVALID_FIELD"),
    ("SELECT Id, (SELECT Id FROM Tickets) FROM Account", "INVALID_FIELD"),
    ("SELECT Id FROM Account WHERE Description = 'x'", "INVALID_FIELD"),
    ("SELECT Id FROM Account ORDER BY Description", "INVALID_FIELD"),
    ("SELECT Id FROM Account WHERE Name = 5", "INVALID_FIELD"),
    ("SELECT Id FROM Account WHERE NumberOfEmployees = '5'", "INVALID_FIELD"),
    ("SELECT Id FROM Account WHERE IsDeleted = 'false'", "INVALID_FIELD"),
    ("SELECT Id FROM Account WHERE CreatedDate = '2026-01-01T00:00:00Z'", "INVALID_FIELD"),
    ("SELECT Id FROM Account WHERE CreatedDate > 2026-01-01", "INVALID_FIELD"),
    ("SELECT Id FROM Unheard", "INVALID_TYPE"),
    ("SELECT Id FROM Account WHERE Id = 'x'", "INVALID_QUERY_FILTER_OPERATOR"),
    ("SELECT Id FROM Account WHERE Id LIKE '001%'", "INVALID_QUERY_FILTER_OPERATOR"),
    ("SELECT Id FROM Account WHERE IsDeleted > false", "INVALID_QUERY_FILTER_OPERATOR"),
    ("SELECT Id FROM Account WHERE Name = TODAY", "INVALID_QUERY_FILTER_OPERATOR"),
    ("SELECT Id FROM Account OFFSET 2001", "NUMBER_OUTSIDE_VALID_RANGE"),
    ("", "MALFORMED_QUERY"),
    ("SELECT", "MALFORMED_QUERY"),
    ("SELECT FROM Account", "MALFORMED_QUERY"),
    ("SELECT * FROM Account", "MALFORMED_QUERY"),
    ("SELECT Id Account", "MALFORMED_QUERY"),
    ("SELECT Id FROM Account WHERE", "MALFORMED_QUERY"),
    ("SELECT Id FROM Account WHERE Name", "MALFORMED_QUERY"),
    ("SELECT Id FROM Account WHERE Name = 'open", "MALFORMED_QUERY"),
    ('SELECT Id FROM Account WHERE Name = "double"', "MALFORMED_QUERY"),
    ("SELECT Id FROM Account WHERE Name = 'a' OR Name = 'b' AND Name = 'c'", "MALFORMED_QUERY"),
    ("SELECT Id FROM Account WHERE (Name = 'a'", "MALFORMED_QUERY"),
    ("SELECT Id FROM Account WHERE Name IN ()", "MALFORMED_QUERY"),
    ("SELECT Id FROM Account WHERE CreatedDate > 2026-13-01T00:00:00Z", "MALFORMED_QUERY"),
    ("SELECT Id FROM Account WHERE CreatedDate = LAST_N_DAYS:99999999", "MALFORMED_QUERY"),
    ("SELECT Id FROM Account WHERE CreatedDate = THIS_FISCAL_QUARTER", "MALFORMED_QUERY"),
    ("SELECT Id FROM Account LIMIT -1", "MALFORMED_QUERY"),
    ("SELECT Id FROM Account LIMIT 1.5", "MALFORMED_QUERY"),
    ("SELECT Id FROM Account; SELECT Id FROM Case", "MALFORMED_QUERY"),
    ("SELECT Id FROM Account FOR UPDATE", "MALFORMED_QUERY"),
    ("SELECT Id FROM Account WITH SECURITY_ENFORCED", "MALFORMED_QUERY"),
    ("SELECT Id FROM Account USING SCOPE mine", "MALFORMED_QUERY"),
    ("SELECT Id FROM Account ALL ROWS", "MALFORMED_QUERY"),
    ("SELECT TYPEOF Owner WHEN User THEN Name END FROM Case", "MALFORMED_QUERY"),
    ("SELECT toLabel(Status) FROM Case", "MALFORMED_QUERY"),
    ("SELECT Id, Id FROM Account", "MALFORMED_QUERY"),
    ("SELECT FIELDS(ALL) FROM Account", "MALFORMED_QUERY"),
    ("SELECT FIELDS(CUSTOM) FROM Account LIMIT 201", "MALFORMED_QUERY"),
    ("SELECT Name, COUNT(Id) FROM Account", "MALFORMED_QUERY"),
    ("SELECT COUNT(Id) FROM Account GROUP BY Industry HAVING COUNT(Id) > 1", "MALFORMED_QUERY"),
    ("SELECT SUM(Name) FROM Account", "MALFORMED_QUERY"),
    ("SELECT a.b.c.d.e.f.g FROM Account", "MALFORMED_QUERY"),
    ("SELECT Id FROM Account WHERE " + "(" * 200, "MALFORMED_QUERY"),
    ("SELECT Id FROM Account WHERE " + "NOT " * 200 + "Name = 'a'", "MALFORMED_QUERY"),
    ("SELECT Id FROM Account WHERE Id IN (" * 50, "MALFORMED_QUERY"),
    ("FIND {x}", "MALFORMED_QUERY"),
]


class TestRefusals:
    @pytest.mark.asyncio
    @pytest.mark.parametrize(("soql", "code"), REFUSED)
    async def test_name_the_code(self, shop: Caller, soql: str, code: str) -> None:
        answer = await shop.query(soql)

        assert answer.status_code == 400
        assert error_of(answer)["errorCode"] == code

    @pytest.mark.asyncio
    async def test_point_into_the_query(self, shop: Caller) -> None:
        answer = await shop.query("SELECT Id, Nickname FROM Account")

        lines = error_of(answer)["message"].split("\n")
        assert lines[1] == "SELECT Id, Nickname FROM Account"
        assert lines[2].index("^") == lines[1].index("Nickname")
        assert lines[3] == "ERROR at Row:1:Column:12"
        assert lines[4].startswith("No such column 'Nickname' on entity 'Account'.")

    @pytest.mark.asyncio
    async def test_meet_a_call_without_a_query(self, shop: Caller) -> None:
        assert error_of(await shop.call("GET", "query"))["errorCode"] == "MALFORMED_QUERY"

    @pytest.mark.asyncio
    async def test_meet_a_query_over_the_longest_length(self, shop: Caller) -> None:
        batch = {
            "batchRequests": [
                {"method": "GET", "url": "v66.0/query?q=SELECT+" + "Id," * 40_000 + "Id+FROM+Account"}
            ]
        }
        (result,) = (await shop.call("POST", "composite/batch", json=batch)).json()["results"]

        assert result["result"][0]["errorCode"] == "MALFORMED_QUERY"


class TestTime:
    @pytest.mark.asyncio
    async def test_of_a_pattern_with_many_wildcards_is_short(self, shop: Caller) -> None:
        await shop.create("Account", Name="a" * 255)
        started = datetime.now(UTC)

        await shop.select(f"SELECT Id FROM Account WHERE Name LIKE '{'%a' * 60}%b'")

        assert datetime.now(UTC) - started < timedelta(seconds=1)
