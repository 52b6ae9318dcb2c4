"""Finding customers by name in two scripts, by e-mail address and by customer number."""

import pytest

from tests.integration.bff.customers.search.town import NOON, Town

pytestmark = pytest.mark.asyncio


class TestNames:
    async def test_are_found_by_how_their_words_begin(self, town: Town) -> None:
        people = {
            await town.add("Hanako", "Suzuki"): ["hanak", "SUZ", "ｓｕｚｕｋｉ", "suzuki hana", "hanako suz"],
            await town.add("花子", "鈴木", name2="スズキ ハナコ"): [
                *("鈴木", "鈴木花", "鈴木 花子", "すずき", "ｽｽﾞｷ", "すずきはな"),
            ],
            await town.add("茂", "林"): ["林"],
            await town.add("Mohammed Said", "Al Balushi", name2="محمد سعيد البلوشي"): [
                *("mohammed balushi", "محمد", "البلوشي محمد"),
            ],
            await town.add("Ahmed", "Nasser", name2="أَحْمَد ناصر"): ["احمد", "ahmed"],
            await town.add("Fatima", "Nasser", name2="فاطمة ناصر"): ["فاطمه"],
            await town.add("José", "Núñez"): ["jose nunez", "NÚÑEZ"],
            await town.add("Anne-Marie", "O'Brien"): ["marie obrien", "o’brien"],
        }

        for customer, spellings in people.items():
            for typed in spellings:
                [found] = await town.find(name=typed)
                assert (found["id"], found["matches"][0]["by"]) == (str(customer), "name"), typed

    async def test_are_not_found_by_anything_else(self, town: Town) -> None:
        await town.add("Hanako", "Suzuki")

        for typed in ("anako", "hanak x", "%%", "h_na", "花", "...."):
            assert await town.find(name=typed) == [], typed

    async def test_follow_every_change(self, town: Town) -> None:
        wanted = await town.add("Hanako", "Suzuki")
        async with town.portal.adapters.database.transaction(town.org_id) as session:
            connection = await session.connection()
            await connection.exec_driver_sql(
                "UPDATE customers SET last_name = 'Tanaka' WHERE last_name = 'Suzuki'"
            )

        assert await town.find(name="suzuki") == []
        assert [item["id"] for item in await town.find(name="tanaka")] == [str(wanted)]

    async def test_come_in_the_order_of_the_alphabet_page_by_page(self, town: Town) -> None:
        names = [("Tara", "Tamm"), ("Tanja", "Tanaka"), ("Zoe", "Tapper"), ("Tal", "Ader"), ("Tara", "Tamm")]
        customers = {str(await town.add(*name)): name for name in names}

        found = await town.find_all(name="ta", limit=2)

        assert [customers[customer][1] for customer in found[:1]] == ["Ader"]
        assert len(found) == len(set(found)) == 5
        assert found == [item["id"] for item in await town.find(name="ta")]


class TestEmails:
    async def test_are_found_whole_whatever_their_case_proven_first(self, town: Town) -> None:
        claimed = await town.add("A", email="family@home.example")
        proven = await town.add("B", email="family@home.example", email_verified_at=NOON)
        await town.add("C", email="family@home.example.com")

        found = await town.find_all(email="Family@HOME.example", limit=1)

        assert found == [str(proven), str(claimed)]
        assert await town.find(email="family@home") == []


class TestNumbers:
    async def test_are_found_as_printed_and_as_counted(self, town: Town) -> None:
        await town.add("Hanako", "Suzuki")
        [by_name] = await town.find(name="hanako suzuki")
        shown = by_name["customerNumber"]
        counted = str(int(shown.rpartition("-")[2]))

        for typed in (shown, shown.lower(), counted, "０" + counted):
            [found] = await town.find(number=typed)
            assert (found["id"], found["matches"][0]["by"]) == (by_name["id"], "number")

    async def test_that_are_nobodys_find_nobody(self, town: Town) -> None:
        for typed in ("CUST-99999", "CUST-", "0", "-1", "9" * 40, "ORD-00001"):
            assert await town.find(number=typed) == [], typed
