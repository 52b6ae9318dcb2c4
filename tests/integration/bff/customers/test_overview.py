"""The org's customers as a whole: lists page by page, counts, exports."""

import csv
import io
import json
from typing import Any

import pytest

from tests.integration.bff.customers.desk import CUSTOMERS, MOBILE, OMAN, STUB, SUPPORT, TILL, Desk, get_code

pytestmark = pytest.mark.asyncio


async def list_all(client: Any, **params: Any) -> list[Any]:
    """Page by page to the end."""
    items: list[Any] = []
    while True:
        body = (await client.get(CUSTOMERS, params=params)).json()
        items += body["items"]
        if body["nextCursor"] is None:
            return items
        params["cursor"] = body["nextCursor"]


class TestList:
    async def test_gives_each_customer_once_newest_first(self, desk: Desk) -> None:
        made = [await desk.make({"type": "guest", "firstName": str(n)}, TILL) for n in range(5)]
        async with desk.staff(SUPPORT) as client:
            whole = (await client.get(CUSTOMERS)).json()
            paged = await list_all(client, limit=2)

        assert paged == whole["items"]
        assert whole["nextCursor"] is None
        assert [item["id"] for item in paged[:5]] == [item["id"] for item in reversed(made)]
        assert len(paged) == 10

    async def test_keeps_to_its_filters_on_every_page(self, desk: Desk) -> None:
        first = await desk.make(STUB | {"proof": await desk.prove()})
        await desk.make(STUB)
        gone = await desk.make({"type": "guest"})
        async with desk.staff() as client:
            await client.delete(f"{CUSTOMERS}/{gone['id']}")
            found = {
                query: [
                    item["customerNumber"] for item in await list_all(client, limit=1, **json.loads(query))
                ]
                for query in (
                    '{"type": "stub"}',
                    '{"type": "stub", "phoneVerified": "true"}',
                    '{"type": "guest", "status": "active"}',
                    '{"status": "deactivated"}',
                    f'{{"createdTo": "{first["createdAt"]}", "type": "stub"}}',
                    '{"createdFrom": "2100-01-01T00:00:00Z"}',
                )
            }

        assert list(found.values()) == [
            ["CUST-00007", "CUST-00006"],
            ["CUST-00006"],
            [],
            ["CUST-00008"],
            [],
            [],
        ]

    async def test_refuses_what_it_does_not_know(self, desk: Desk) -> None:
        async with desk.staff() as client:
            for query in (
                "type=vip",
                "status=x",
                "cursor=x",
                "limit=0",
                "limit=101",
                "phoneVerified=perhaps",
            ):
                assert get_code(await client.get(f"{CUSTOMERS}?{query}")) == (400, "invalid_request"), query
            naive = await client.get(CUSTOMERS, params={"createdFrom": "2025-01-01T00:00:00"})

        assert get_code(naive) == (400, "invalid_request")

    async def test_has_addresses_of_each(self, desk: Desk) -> None:
        async with desk.staff() as client:
            items = (await client.get(CUSTOMERS)).json()["items"]

        assert {item["firstName"]: len(item["addresses"]) for item in items} == {
            "Hana": 1,
            "Kenji": 1,
            "Noor": 0,
            "Omar": 1,
            "Sara": 1,
        }


class TestStats:
    async def test_count_by_kind_status_and_door(self, desk: Desk) -> None:
        await desk.make(STUB | {"proof": await desk.prove()})
        gone = await desk.make({"type": "guest"})
        async with desk.staff() as client:
            await client.delete(f"{CUSTOMERS}/{gone['id']}")
            stats = (await client.get(f"{CUSTOMERS}/stats")).json()

        assert stats == {
            "total": 7,
            "phoneVerified": 1,
            "withAccount": 5,
            "byType": {"guest": 1, "stub": 1, "full": 5},
            "byStatus": {"active": 6, "deactivated": 1},
            "byContext": {"registration": 5, "consumer": 0, "point_of_sale": 2, "third_party": 0},
        }


class TestExport:
    async def test_as_csv_runs_nothing_in_a_spreadsheet(self, desk: Desk) -> None:
        await desk.make(STUB | {"firstName": "=HYPERLINK(1)", "name2": '愛子, "ai"'})
        async with desk.staff() as client:
            answer = await client.get(f"{CUSTOMERS}/export")

        text = answer.content.decode("utf-8-sig")
        rows = list(csv.DictReader(io.StringIO(text, newline="")))
        assert answer.headers["content-type"].startswith("text/csv")
        assert 'filename="customers.csv"' in answer.headers["content-disposition"]
        assert len(rows) == 6
        assert (rows[0]["firstName"], rows[0]["name2"]) == ("'=HYPERLINK(1)", '愛子, "ai"')
        assert rows[0]["phone"] == f"'{MOBILE}"

    async def test_as_lines_gives_what_the_list_gives(self, desk: Desk) -> None:
        async with desk.staff() as client:
            listed = (await client.get(CUSTOMERS)).json()["items"]
            answer = await client.get(f"{CUSTOMERS}/export", params={"format": "ndjson", "type": "full"})

        assert [json.loads(line) for line in answer.text.splitlines()] == listed

    async def test_is_written_down_with_what_it_was_of(self, desk: Desk) -> None:
        async with desk.staff() as client:
            await client.get(f"{CUSTOMERS}/export", params={"type": "stub"})

        [row] = await desk.list_rows("SELECT actor, detail FROM audit WHERE action = 'customers.exported'")
        assert row["actor"].startswith("staff:")
        assert row["detail"] == {"format": "csv", "kind": "stub"}


class TestTwoOrgs:
    async def test_see_nothing_of_each_other(self, desk: Desk) -> None:
        async with desk.machine(org=OMAN) as machine:
            await machine.post(CUSTOMERS, json={"type": "guest", "firstName": "Salma"})
        async with desk.staff() as client, desk.omani_admin() as there:
            here = await client.get(f"{CUSTOMERS}/export", params={"format": "ndjson"})
            omani = (await there.get(CUSTOMERS)).json()["items"]
            stats = (await there.get(f"{CUSTOMERS}/stats")).json()

        assert "Salma" not in here.text
        assert [item["firstName"] for item in omani] == ["Salma"]
        assert stats["total"] == 1
