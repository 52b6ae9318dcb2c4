"""What an org says of itself, and what its admin may change."""

from typing import Any

import pytest

from tests.integration.bff.customers.desk import ADMIN, CUSTOMERS, OMAN, SUPPORT, TILL, Desk, get_code

pytestmark = pytest.mark.asyncio

ORG = "/api/v1/org"


@pytest.fixture
def desk(portal: Any) -> Desk:
    return Desk(portal)


class TestOrg:
    @pytest.mark.parametrize("email", [TILL, SUPPORT])
    async def test_is_shown_to_staff_and_changed_by_admins(self, desk: Desk, email: str) -> None:
        async with desk.staff(email) as client:
            shown = (await client.get(ORG)).json()
            refused = await client.patch(ORG, json={"name": "Ours"})

        assert shown == {
            "slug": "demo",
            "name": "Demo Telecom",
            "region": "JP",
            "locale": "en",
            "numberFormat": "CUST-{:05d}",
            "smsCountries": None,
        }
        assert get_code(refused) == (403, "forbidden")

    async def test_counts_its_customers_in_its_own_format(self, desk: Desk) -> None:
        made = await desk.make({"type": "guest"})
        async with desk.staff(ADMIN) as client:
            changed = await client.patch(ORG, json={"numberFormat": "D/{:d}", "smsCountries": ["JP", "OM"]})
            again = (await client.get(f"{CUSTOMERS}/{made['id']}")).json()
        async with desk.machine(org=OMAN) as machine:
            there = (await machine.post(CUSTOMERS, json={"type": "guest"})).json()

        assert (changed.json()["numberFormat"], changed.json()["smsCountries"]) == ("D/{:d}", ["JP", "OM"])
        assert (made["customerNumber"], again["customerNumber"]) == ("CUST-00006", "D/6")
        assert there["customerNumber"] == "CUST-00001"
        [row] = await desk.list_rows("SELECT detail FROM audit WHERE action = 'org.edited'")
        assert row["detail"] == {"fields": ["number_format", "sms_countries"]}

    async def test_refuses_what_would_not_count(self, desk: Desk) -> None:
        async with desk.staff(ADMIN) as client:
            for body in (
                {"numberFormat": "CUST"},
                {"numberFormat": "{:d}{:d}"},
                {"numberFormat": "{0.__class__}"},
                {"numberFormat": "{:99999999d}"},
                {"numberFormat": "CUST-{:05d}\n"},
                {"locale": "xx"},
                {"smsCountries": []},
                {"region": "OM"},
                {"slug": "mine"},
                {"name": " "},
            ):
                assert get_code(await client.patch(ORG, json=body)) == (400, "invalid_request"), body
