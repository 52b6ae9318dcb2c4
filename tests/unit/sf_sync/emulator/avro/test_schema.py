"""The schemas that are generated from the objects' fields."""

import json
import re
from typing import Any

import fastavro
import msgspec
import pytest

from sf_sync.emulator.avro.header import CHANGE_EVENT_HEADER
from sf_sync.emulator.avro.schema import get_event_name, make_event_schema
from sf_sync.emulator.schema.account import ACCOUNT
from sf_sync.emulator.schema.catalogue import ENTITIES
from sf_sync.emulator.schema.contact import CONTACT
from sf_sync.emulator.schema.model import EntitySchema, FieldSchema

CARRIED = [entity for entity in ENTITIES.values() if entity.change_events]


def read_fields(entity: EntitySchema) -> list[dict[str, Any]]:
    fields: list[dict[str, Any]] = json.loads(make_event_schema(entity).text)["fields"]
    return fields


class TestEverySchema:
    @pytest.mark.parametrize("entity", CARRIED, ids=lambda entity: entity.name)
    def test_can_be_parsed_and_starts_with_the_header(self, entity: EntitySchema) -> None:
        fields = read_fields(entity)

        fastavro.parse_schema(json.loads(make_event_schema(entity).text))
        assert fields[0]["type"] == CHANGE_EVENT_HEADER
        assert fields[0]["doc"] == "Data:ComplexValueType"

    @pytest.mark.parametrize("entity", CARRIED, ids=lambda entity: entity.name)
    def test_has_only_nullable_fields_after_it(self, entity: EntitySchema) -> None:
        for field in read_fields(entity)[1:]:
            assert field["type"][0] == "null"
            assert field["default"] is None
            assert field["doc"]

    @pytest.mark.parametrize("entity", CARRIED, ids=lambda entity: entity.name)
    def test_leaves_out_what_change_events_leave_out(self, entity: EntitySchema) -> None:
        names = {field["name"] for field in read_fields(entity)}

        assert not names & {"Id", "IsDeleted", "SystemModstamp", "LastViewedDate", "LastReferencedDate"}


class TestAccountSchema:
    def test_has_the_order_that_was_captured(self) -> None:
        names = [field["name"] for field in read_fields(ACCOUNT)]

        assert names[:8] == [
            "ChangeEventHeader",
            "Name",
            "Type",
            "RecordTypeId",
            "ParentId",
            "BillingAddress",
            "ShippingAddress",
            "Phone",
        ]
        assert names[20:25] == [
            "OwnerId",
            "CreatedDate",
            "CreatedById",
            "LastModifiedDate",
            "LastModifiedById",
        ]

    def test_defines_the_address_once_and_names_it_afterwards(self) -> None:
        fields = {field["name"]: field for field in read_fields(ACCOUNT)}

        assert fields["BillingAddress"]["type"][1]["name"] == "Address"
        assert fields["ShippingAddress"]["type"] == ["null", "Address"]

    @pytest.mark.parametrize(
        ("name", "kind", "doc"),
        [
            ("Type", "string", "Data:DynamicEnum"),
            ("RecordTypeId", "string", "ForeignKey:EntityId"),
            ("AnnualRevenue", "double", "Data:Currency"),
            ("NumberOfEmployees", "int", "Data:Integer"),
            ("Description", "string", "Data:StringPlusClob"),
            ("CreatedDate", "long", "CreatedDate:DateTime"),
            ("CreatedById", "string", "CreatedBy:EntityId"),
            ("LastModifiedDate", "long", "Data:DateTime"),
        ],
    )
    def test_maps_types_and_docs(self, name: str, kind: str, doc: str) -> None:
        field = next(field for field in read_fields(ACCOUNT) if field["name"] == name)

        assert field["type"] == ["null", kind]
        assert field["doc"] == doc

    def test_names_the_field_id_of_custom_fields(self) -> None:
        custom = [field for field in read_fields(ACCOUNT) if field["name"].endswith("__c")]

        assert len({field["doc"].rpartition(":")[2] for field in custom}) == len(custom)
        assert all(re.search(r":00N\w{12}$", field["doc"]) for field in custom)


class TestContactSchema:
    def test_has_the_name_as_a_record(self) -> None:
        name = next(field for field in read_fields(CONTACT) if field["name"] == "Name")

        assert name["type"][1]["name"] == "PersonName"
        assert {part["name"] for part in name["type"][1]["fields"]} >= {"FirstName", "LastName"}


class TestSchemaId:
    def test_has_22_characters_and_is_the_same_for_the_same_fields(self) -> None:
        first, second = make_event_schema(ACCOUNT), make_event_schema(ACCOUNT)

        assert re.fullmatch(r"[A-Za-z0-9_-]{22}", first.schema_id)
        assert first.schema_id == second.schema_id

    def test_is_another_one_when_a_field_is_added(self) -> None:
        added = FieldSchema(name="Extra__c", label="Extra", type="string", field_id="00NDp0000999999")
        wider = msgspec.structs.replace(ACCOUNT, fields=(*ACCOUNT.fields, added))

        assert make_event_schema(wider).schema_id != make_event_schema(ACCOUNT).schema_id


class TestEventName:
    @pytest.mark.parametrize(
        ("entity", "name"), [("Account", "AccountChangeEvent"), ("Visit__c", "Visit__ChangeEvent")]
    )
    def test_follows_the_object(self, entity: str, name: str) -> None:
        assert get_event_name(entity) == name
