"""What a commit becomes on the stream, decoded by clients as they exist: whole, or the header alone."""

from typing import Any

import fastavro
import pytest

from sf_sync.emulator.avro.header import CHANGE_EVENT_HEADER
from sf_sync.emulator.refusals import SalesforceRefusal
from tests.conformance.pubsub.desk import ORIGIN, Datum, Desk, read_datum

pytestmark = pytest.mark.asyncio


async def read_all(desk: Desk, count: int, topic: str = "/data/AccountChangeEvent") -> list[Datum]:
    events = await (await desk.subscribe(topic, earliest=True)).read_events(count)
    return [await desk.decode(event) for event in events]


def get_present(datum: Datum) -> set[str]:
    return {name for name, value in datum.items() if value is not None} - {"ChangeEventHeader"}


class TestCreate:
    async def test_carries_every_field_that_has_a_value(self, desk: Desk) -> None:
        record_id = desk.insert(
            "Account", Name="Hana Sato", Phone="1", BillingStreet="1-2", BillingCity="Tokyo"
        )

        (datum,) = await read_all(desk, 1)

        header = datum["ChangeEventHeader"]
        row = desk.org.get("Account", record_id)
        assert header["changeType"] == "CREATE"
        assert header["recordIds"] == [record_id]
        assert header["changedFields"] == header["nulledFields"] == header["diffFields"] == []
        assert datum["Name"] == "Hana Sato"
        assert datum["BillingAddress"]["Street"] == "1-2"
        assert datum["BillingAddress"]["PostalCode"] is None
        assert datum["ShippingAddress"] is None
        assert datum["OwnerId"] == row["OwnerId"]

    async def test_leaves_out_what_change_events_leave_out(self, desk: Desk) -> None:
        desk.insert("Account", Name="Hana Sato")

        (datum,) = await read_all(desk, 1)

        assert not datum.keys() & {"Id", "IsDeleted", "SystemModstamp", "LastViewedDate", "LastActivityDate"}

    async def test_tells_who_when_and_through_what(self, desk: Desk) -> None:
        desk.insert("Account", Name="Hana Sato")
        commit = desk.org.commits[-1]

        (datum,) = await read_all(desk, 1)

        header = datum["ChangeEventHeader"]
        assert header["entityName"] == "Account"
        assert header["changeOrigin"] == ORIGIN
        assert header["commitUser"] == desk.user_id
        assert header["commitNumber"] == commit.number
        assert header["commitTimestamp"] == round(commit.at.timestamp() * 1000)
        assert header["transactionKey"] == commit.transaction_key


class TestUpdate:
    async def test_carries_the_changed_fields_alone(self, desk: Desk) -> None:
        record_id = desk.insert("Account", Name="Hana Sato", Phone="1", Industry="Retail")
        desk.update("Account", record_id, Industry="Banking")

        _, datum = await read_all(desk, 2)

        assert get_present(datum) == {"Industry", "LastModifiedDate"}
        assert datum["ChangeEventHeader"]["changedFields"] == ["0x801000"]

    async def test_names_a_field_that_lost_its_value(self, desk: Desk) -> None:
        record_id = desk.insert("Account", Name="Hana Sato", Phone="1")
        desk.update("Account", record_id, Phone=None)

        _, datum = await read_all(desk, 2)

        assert datum["Phone"] is None
        assert datum["ChangeEventHeader"]["nulledFields"] == ["0x80"]
        assert datum["ChangeEventHeader"]["changedFields"] == ["0x800080"]

    async def test_names_the_parts_of_an_address(self, desk: Desk) -> None:
        record_id = desk.insert("Account", Name="Hana Sato", ShippingStreet="1", ShippingCity="Tokyo")
        desk.update("Account", record_id, ShippingStreet="2", ShippingCity=None)

        _, datum = await read_all(desk, 2)

        assert datum["ShippingAddress"]["Street"] == "2"
        assert datum["ChangeEventHeader"]["changedFields"] == ["0x800000", "6-0x03"]
        assert datum["ChangeEventHeader"]["nulledFields"] == ["6-0x02"]

    async def test_tells_a_long_text_as_a_difference(self, desk: Desk) -> None:
        text = "\n".join(f"line {number}" for number in range(300))
        record_id = desk.insert("Account", Name="Hana Sato", Description=text)
        desk.update("Account", record_id, Description=text.replace("line 7\n", "line seven\n"))

        first, second = await read_all(desk, 2)

        assert first["Description"] == text
        lines = second["Description"].splitlines()
        assert lines[0] == "--- "
        assert len(lines[1].removeprefix("+++ ")) == 64
        assert {"-line 7", "+line seven"} < set(lines)
        assert second["ChangeEventHeader"]["diffFields"] == ["0x020000"]

    async def test_gives_the_time_in_milliseconds(self, desk: Desk) -> None:
        record_id = desk.insert("Account", Name="Hana Sato")
        at = "2025-12-19T06:15:36.000+0000"
        desk.update("Account", record_id, Internet_Eligibility_Checked_Date_Time__c=at)

        _, datum = await read_all(desk, 2)

        assert datum["Internet_Eligibility_Checked_Date_Time__c"] == 1_766_124_936_000


class TestDelete:
    async def test_is_a_header_and_nothing_more(self, desk: Desk) -> None:
        record_id = desk.insert("Account", Name="Hana Sato")
        with desk.org.transaction(user_id=desk.user_id) as transaction:
            transaction.delete("Account", record_id)

        _, datum = await read_all(desk, 2)

        assert datum["ChangeEventHeader"]["changeType"] == "DELETE"
        assert get_present(datum) == set()

    async def test_is_undone_with_every_value(self, desk: Desk) -> None:
        record_id = desk.insert("Account", Name="Hana Sato")
        for step in ("delete", "undelete"):
            with desk.org.transaction(user_id=desk.user_id) as transaction:
                getattr(transaction, step)("Account", record_id)

        *_, datum = await read_all(desk, 3)

        assert datum["ChangeEventHeader"]["changeType"] == "UNDELETE"
        assert datum["ChangeEventHeader"]["changedFields"] == []
        assert datum["Name"] == "Hana Sato"


class TestTransaction:
    async def test_numbers_its_events_over_all_objects(self, desk: Desk) -> None:
        stream = await desk.subscribe_live("/data/ChangeEvents")
        with desk.org.transaction(user_id=desk.user_id) as transaction:
            account_id = transaction.insert("Account", {"Name": "Hana Sato"})
            transaction.insert("Contact", {"LastName": "Sato", "FirstName": "Hana", "AccountId": account_id})
            transaction.insert("Account", {"Name": "Kenji Mori"})

        datums = [await desk.decode(event) for event in await stream.read_events(3)]
        headers = [datum["ChangeEventHeader"] for datum in datums]
        assert [header["entityName"] for header in headers] == ["Account", "Contact", "Account"]
        assert [header["sequenceNumber"] for header in headers] == [1, 2, 3]
        assert len({(header["transactionKey"], header["commitNumber"]) for header in headers}) == 1

    async def test_tells_one_record_once_with_its_first_kind_and_last_state(self, desk: Desk) -> None:
        with desk.org.transaction(user_id=desk.user_id) as transaction:
            record_id = transaction.insert("Account", {"Name": "Hana Sato"})
            transaction.update("Account", record_id, {"Name": "Hana Mori"})

        (datum,) = await read_all(desk, 1)

        assert datum["ChangeEventHeader"]["changeType"] == "CREATE"
        assert datum["Name"] == "Hana Mori"

    async def test_that_was_rolled_back_tells_nothing(self, desk: Desk) -> None:
        stream = await desk.subscribe(earliest=True)
        with pytest.raises(SalesforceRefusal):
            desk.insert_together("Account", {"Name": "Hana Sato"}, {})

        assert not (await stream.read()).events


class TestContact:
    async def test_has_a_name_in_parts(self, desk: Desk) -> None:
        record_id = desk.insert("Contact", LastName="Sato", FirstName="Hana")
        desk.update("Contact", record_id, LastName="Mori")

        first, second = await read_all(desk, 2, "/data/ContactChangeEvent")

        assert (first["Name"]["FirstName"], first["Name"]["LastName"]) == ("Hana", "Sato")
        assert (second["Name"]["FirstName"], second["Name"]["LastName"]) == (None, "Mori")
        assert any(bitmap.startswith("2-0x") for bitmap in second["ChangeEventHeader"]["changedFields"])


class TestHeaderOnlyReader:
    async def test_reads_the_header_with_a_schema_that_ends_after_it(self, desk: Desk) -> None:
        record_id = desk.insert("Account", Name="Hana Sato")
        (event,) = await (await desk.subscribe(earliest=True)).read_events(1)

        header_only: dict[str, Any] = {
            "type": "record",
            "name": "AnyChangeEvent",
            "fields": [{"name": "ChangeEventHeader", "type": CHANGE_EVENT_HEADER}],
        }
        datum = read_datum(event.event.payload, fastavro.parse_schema(header_only))

        assert datum["ChangeEventHeader"]["recordIds"] == [record_id]
