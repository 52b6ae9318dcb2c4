"""Finding customers by a number or its end: who is found, why, and in which order."""

from typing import Any

import pytest

from bff.demo.people import DEMO_ORGS
from tests.integration.bff.customers.search.town import ADMIN, HOUR, NOON, SEARCH, SUPPORT, TILL, Town

pytestmark = pytest.mark.asyncio

NUMBER, OTHER = "+819012345678", "+819087654321"


class TestWholeNumbers:
    async def test_are_found_in_any_spelling(self, town: Town) -> None:
        hana = await town.add("Hana", "Sato")
        await town.see(hana, NUMBER)
        spellings = [
            "+819012345678",
            "090-1234-5678",
            "０９０−１２３４−５６７８",
            "0081 90 1234 5678",
            "٠٩٠١٢٣٤٥٦٧٨",
        ]

        for spelling in spellings:
            [found] = await town.find(phone=spelling)
            assert (found["id"], found["matches"][0]["by"]) == (str(hana), "phone"), spelling

    async def test_find_every_customer_proven_first_then_the_latest(self, town: Town) -> None:
        proven, latest, earlier = [await town.add("A", f"B{number}") for number in range(3)]
        await town.see(earlier, NUMBER, at=NOON)
        await town.see(latest, NUMBER, at=NOON + 2 * HOUR)
        await town.see(proven, NUMBER, at=NOON - HOUR, verified=True)
        stranger = await town.add("C", "D")
        await town.see(stranger, OTHER)

        found = await town.find(phone=NUMBER)

        assert [item["id"] for item in found] == [str(proven), str(latest), str(earlier)]
        assert [item["matches"][0]["verified"] for item in found] == [True, False, False]

    async def test_say_what_the_link_knows(self, town: Town) -> None:
        hana = await town.add("Hana", "Sato")
        await town.see(hana, NUMBER, at=NOON)
        await town.see(hana, NUMBER, at=NOON + HOUR)

        [found] = await town.find(phone=NUMBER)
        [match] = found["matches"]

        assert match.pop("linkId")
        assert match == {
            "by": "phone",
            "phone": "+81••••••78",
            "source": "order",
            "verified": False,
            "firstSeenAt": "2026-01-05T12:00:00Z",
            "lastSeenAt": "2026-01-05T13:00:00Z",
            "times": 2,
            "hints": [],
        }

    async def test_are_not_found_after_they_were_unlinked(self, town: Town) -> None:
        hana = await town.add("Hana", "Sato")
        await town.see(hana, NUMBER)
        [found] = await town.find(phone=NUMBER)
        path = f"/api/v1/customers/{hana}/phone-links/{found['matches'][0]['linkId']}"
        async with town.portal.signed_in(SUPPORT) as client:
            await client.delete(path, params={"reason": "Changed hands"})

        assert await town.find(phone=NUMBER) == []

    async def test_of_deactivated_customers_are_found_and_say_so(self, town: Town) -> None:
        hana = await town.add("Hana", "Sato")
        await town.see(hana, NUMBER)
        async with town.portal.signed_in(ADMIN) as client:
            await client.delete(f"/api/v1/customers/{hana}")

        for query in ({"phone": NUMBER}, {"phone": "5678"}, {"name": "sato hana"}):
            assert [item["status"] for item in await town.find(**query)][-1] == "deactivated", query

    async def test_are_found_in_ones_own_org_alone(self, town: Town) -> None:
        oman = DEMO_ORGS[1].id
        stranger = await town.add("Said", "Said", org_id=oman)
        await town.see(stranger, NUMBER, org_id=oman)

        assert await town.find(phone=NUMBER) == []
        assert await town.find(phone="5678") == []
        assert await town.find(name="said") == []


class TestLastDigits:
    async def test_find_numbers_that_end_so(self, town: Town) -> None:
        hana, other = await town.add("Hana"), await town.add("Omar")
        await town.see(hana, NUMBER)
        await town.see(other, OTHER)

        for digits in ("5678", "45678", "345678", "2345678", "1234-5678", "５６７８", "٥٦٧٨", "۵۶۷۸"):
            [found] = await town.find(phone=digits)
            assert (found["id"], found["matches"][0]["by"]) == (str(hana), "last_digits"), digits

    async def test_show_a_customer_once_with_every_number_that_matches(self, town: Town) -> None:
        hana, other = await town.add("Hana"), await town.add("Omar")
        await town.see(hana, NUMBER, at=NOON)
        await town.see(other, NUMBER, at=NOON + HOUR)
        await town.see(hana, "+818011115678", at=NOON + 2 * HOUR)

        found = await town.find(phone="5678")

        assert [item["id"] for item in found] == [str(hana), str(other)]
        assert [match["lastSeenAt"][11:13] for match in found[0]["matches"]] == ["14", "12"]
        assert await town.find_all(phone="5678", limit=1) == [str(hana), str(other)]

    async def test_are_read_page_by_page_without_gap_or_repetition(self, town: Town) -> None:
        expected = []
        for number in range(7):
            customer = await town.add("A", f"B{number}")
            # Equal instants, so that the id decides.
            await town.see(customer, NUMBER, at=NOON + (number // 3) * HOUR, verified=number % 2 == 0)
            expected.append(str(customer))

        for digits in ("5678", "345678", NUMBER):
            paged = await town.find_all(phone=digits, limit=2)
            assert sorted(paged) == sorted(expected)
            assert paged == [item["id"] for item in await town.find(phone=digits)]


class TestSharedNumbers:
    async def test_carry_a_hint_above_the_orgs_limit(self, town: Town) -> None:
        for number in range(6):
            await town.see(await town.add("A", f"B{number}"), NUMBER)
        await town.see(await town.add("C"), OTHER)

        shared = await town.find(phone=NUMBER)
        assert {tuple(item["matches"][0]["hints"]) for item in shared} == {("shared_number",)}
        assert (await town.find(phone=OTHER))[0]["matches"][0]["hints"] == []

    async def test_carry_none_up_to_it(self, town: Town) -> None:
        for number in range(5):
            await town.see(await town.add("A", f"B{number}"), NUMBER)

        assert {tuple(item["matches"][0]["hints"]) for item in await town.find(phone=NUMBER)} == {()}


class TestWhatIsShown:
    async def test_is_masked_until_it_is_revealed(self, town: Town) -> None:
        hana = await town.add("Hana", "Sato", email="hana.sato@home.example")
        await town.see(hana, NUMBER)

        [masked] = await town.find(phone=NUMBER)
        [revealed] = await town.find(phone=NUMBER, reveal=True)

        assert (masked["email"], masked["matches"][0]["phone"]) == ("h•••@home.example", "+81••••••78")
        assert (revealed["email"], revealed["matches"][0]["phone"]) == ("hana.sato@home.example", NUMBER)
        assert (masked["revealed"], revealed["revealed"]) == (False, True)

    async def test_is_written_down_with_its_purpose_and_without_a_number(self, town: Town) -> None:
        hana = await town.add("Hana", "Sato")
        await town.see(hana, NUMBER)

        await town.find(phone=NUMBER, purpose="Call 77 from 090-1234-5678, a@b.example")

        [line] = await town.list_audit("customers.searched")
        assert line["detail"] == {
            "by": "phone",
            "purpose": "Call 77 from •••, •••",
            "found": [str(hana)],
        }
        assert line["actor"].startswith("staff:")
        assert await town.list_audit("customer.revealed") == []

    async def test_is_written_down_for_what_one_is_there_when_no_purpose_is_stated(self, town: Town) -> None:
        for staff in (SUPPORT, TILL, ADMIN):
            async with town.portal.signed_in(staff) as client:
                await client.get(SEARCH, params={"phone": "5678"})

        lines = await town.list_audit("customers.searched")
        assert sorted(line["detail"]["purpose"] for line in lines) == [
            "administration",
            "support desk",
            "till",
        ]

    async def test_is_written_down_once_more_for_each_customer_who_is_revealed(self, town: Town) -> None:
        customers = [await town.add("A", f"B{number}") for number in range(2)]
        for customer in customers:
            await town.see(customer, NUMBER)

        await town.find(ADMIN, phone=NUMBER, reveal=True)

        lines = await town.list_audit("customer.revealed")
        assert [line["subject"] for line in lines] == sorted(f"customer:{customer}" for customer in customers)


class TestRefusals:
    async def test_of_what_is_no_search(self, town: Town) -> None:
        refusals: list[tuple[dict[str, Any], int, str]] = [
            ({}, 400, "invalid_request"),
            ({"phone": "5678", "name": "Hana"}, 400, "invalid_request"),
            ({"phone": "5678", "purpose": " "}, 400, "invalid_request"),
            ({"phone": "5678", "limit": 0}, 400, "invalid_request"),
            ({"phone": "5678", "cursor": "x"}, 400, "invalid_request"),
            ({"phone": "5678", "cursor": "1.0000000000000000-" + "0" * 31}, 400, "invalid_request"),
            ({"name": "Hana", "cursor": "x.y"}, 400, "invalid_request"),
            ({"name": "Hana", "cursor": "AA." + "0" * 32}, 400, "invalid_request"),
            ({"name": "Ha\0na"}, 400, "invalid_request"),
            ({"name": "H"}, 422, "search_too_short"),
            ({"phone": "678"}, 422, "search_too_short"),
            ({"phone": "090-1234-567"}, 422, "phone_not_valid"),
            ({"phone": "hello"}, 422, "phone_not_valid"),
            ({"phone": "9" * 60}, 422, "phone_not_valid"),
        ]

        for params, status, code in refusals:
            answer = await town.search(**params)
            assert (answer.status_code, answer.json()["code"]) == (status, code), params
        assert await town.list_audit("customers.searched") == []

    async def test_of_revealing_without_a_purpose(self, town: Town) -> None:
        async with town.portal.signed_in(SUPPORT) as client:
            answer = await client.get(SEARCH, params={"phone": "5678", "reveal": True})

        assert (answer.status_code, answer.json()["code"]) == (400, "invalid_request")
        assert await town.list_audit("customers.searched") == []

    async def test_of_customers_and_of_a_till_that_would_reveal(self, town: Town) -> None:
        customer = await town.search("hana@customer.example", phone="5678")
        till = await town.search(TILL, phone="5678", reveal=True)

        assert (customer.status_code, till.status_code) == (403, 403)
        assert (await town.search(TILL, phone="5678")).status_code == 200

    async def test_of_more_than_one_may_send_in_a_minute(self, town: Town) -> None:
        limits = town.portal.settings.search
        revealed = [
            await town.search(phone="5678", reveal=True) for _ in range(limits.reveals_per_minute + 1)
        ]
        rest = limits.searches_per_minute - limits.reveals_per_minute - 1
        async with town.portal.signed_in(SUPPORT) as client:
            params = {"phone": "5678", "purpose": "Scraping"}
            answers = [await client.get(SEARCH, params=params) for _ in range(rest + 1)]

        assert [answer.status_code for answer in revealed][-2:] == [200, 429]
        assert [answer.status_code for answer in answers][-2:] == [200, 429]
        assert int(answers[-1].headers["Retry-After"]) >= 1
        assert (await town.search(ADMIN, phone="5678")).status_code == 200
