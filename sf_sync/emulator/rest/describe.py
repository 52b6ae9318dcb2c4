"""Describe: which objects there are and how their fields look."""

from typing import Any

from sf_sync.emulator.record_ids import make_record_id
from sf_sync.emulator.rest.context import Context
from sf_sync.emulator.rest.messages import ApiAnswer, ApiRequest
from sf_sync.emulator.rest.preconditions import check_read
from sf_sync.emulator.schema.model import EntitySchema, FieldSchema
from sf_sync.emulator.store import Org
from sf_sync.emulator.wire_time import format_http_date, parse_instant

MAX_BATCH_SIZE = 200
MASTER_RECORD_TYPE = "012000000000000AAA"
_SOAP_TYPES = {
    "id": "tns:ID", "reference": "tns:ID", "boolean": "xsd:boolean", "int": "xsd:int", "double": "xsd:double",
    "currency": "xsd:double", "percent": "xsd:double", "date": "xsd:date", "datetime": "xsd:dateTime",
    "address": "urn:address", "base64": "xsd:base64Binary",
}  # fmt: skip


def describe_global(context: Context, request: ApiRequest) -> ApiAnswer:
    sobjects = [_describe_object(schema, request.data_path) for schema in context.org.schema.values()]
    return ApiAnswer(body={"encoding": "UTF-8", "maxBatchSize": MAX_BATCH_SIZE, "sobjects": sobjects})


def describe_basic(context: Context, request: ApiRequest) -> ApiAnswer:
    """Facts of the object and the latest records."""
    schema = context.org.get_schema(request.segments[1])
    rows = list(context.org.select(schema.name))[-5:]
    recent = [_describe_recent(schema, row, request.data_path) for row in reversed(rows)]
    return ApiAnswer(
        body={"objectDescribe": _describe_object(schema, request.data_path), "recentItems": recent}
    )


def describe_full(context: Context, request: ApiRequest) -> ApiAnswer:
    schema = context.org.get_schema(request.segments[1])
    created = context.org.tables["Organization"].rows[context.org.org_id]["CreatedDate"]
    validators = {"Last-Modified": format_http_date(parse_instant(created))}
    if not check_read(request.headers, validators):
        return ApiAnswer(status=304, headers=validators)
    return ApiAnswer(body=_describe_full(context.org, schema, request.data_path), headers=validators)


def _describe_full(org: Org, schema: EntitySchema, data_path: str) -> dict[str, Any]:
    return {
        **_describe_object(schema, data_path),
        "fields": [_describe_field(field) for field in schema.fields],
        "recordTypeInfos": _describe_record_types(schema, data_path),
        "childRelationships": _describe_children(org, schema),
    }


def _describe_object(schema: EntitySchema, data_path: str) -> dict[str, Any]:
    url = f"{data_path}/sobjects/{schema.name}"
    return {
        "name": schema.name,
        "label": schema.label,
        "labelPlural": schema.label_plural,
        "keyPrefix": schema.key_prefix,
        "custom": schema.name.endswith("__c"),
        "customSetting": False,
        "activateable": False,
        "createable": schema.createable,
        "updateable": schema.updateable,
        "deletable": schema.deletable,
        "undeletable": False,
        "queryable": True,
        "retrieveable": True,
        "searchable": False,
        "replicateable": schema.deletable,
        "triggerable": schema.createable,
        "mergeable": False,
        "layoutable": False,
        "feedEnabled": False,
        "deprecatedAndHidden": False,
        "urls": {"sobject": url, "describe": f"{url}/describe", "rowTemplate": f"{url}/{{ID}}"},
    }


def _describe_recent(schema: EntitySchema, row: dict[str, Any], data_path: str) -> dict[str, Any]:
    attributes = {"type": schema.name, "url": f"{data_path}/sobjects/{schema.name}/{row['Id']}"}
    names = [field.name for field in schema.fields if field.name_field]
    return {"attributes": attributes, "Id": row["Id"], **{name: row.get(name) for name in names}}


def _describe_field(field: FieldSchema) -> dict[str, Any]:
    is_text = field.length > 0
    return {
        "name": field.name,
        "label": field.label,
        "type": "string" if field.type == "name" else field.type,
        "soapType": _SOAP_TYPES.get(field.type, "xsd:string"),
        "length": field.length,
        "byteLength": field.length * 3,
        "precision": field.precision if field.type in ("double", "currency", "percent") else 0,
        "scale": field.scale,
        "digits": 9 if field.type == "int" else 0,
        "nillable": field.nillable,
        "createable": field.createable,
        "updateable": field.updateable,
        "filterable": field.filterable,
        "sortable": not field.long_text and field.type not in ("address", "base64", "multipicklist"),
        "groupable": field.type in ("string", "picklist", "reference", "boolean", "id", "date", "int"),
        "aggregatable": field.filterable,
        "custom": field.custom,
        "externalId": field.external_id,
        "idLookup": field.external_id or field.type == "id",
        "unique": field.unique,
        "caseSensitive": False,
        "nameField": field.name_field,
        "autoNumber": field.auto_number is not None,
        "calculated": field.calculated,
        "calculatedFormula": None,
        "defaultValue": field.default if field.type != "boolean" else False,
        "defaultedOnCreate": field.default is not None or field.type == "boolean" or not field.createable,
        "compoundFieldName": field.compound,
        "picklistValues": [_describe_value(field, value) for value in field.picklist],
        "restrictedPicklist": field.restricted,
        "dependentPicklist": False,
        "controllerName": None,
        "referenceTo": list(field.reference_to),
        "relationshipName": field.relationship_name,
        "cascadeDelete": field.on_parent_delete == "cascade",
        "restrictedDelete": field.on_parent_delete == "restrict",
        "htmlFormatted": False,
        "encrypted": False,
        "permissionable": field.nillable and field.createable,
        "inlineHelpText": None,
        "extraTypeInfo": "plaintextarea" if field.type == "textarea" and is_text else None,
    }


def _describe_value(field: FieldSchema, value: str) -> dict[str, Any]:
    return {
        "active": True,
        "defaultValue": field.default == value,
        "label": value,
        "validFor": None,
        "value": value,
    }


def _describe_record_types(schema: EntitySchema, data_path: str) -> list[dict[str, Any]]:
    rows = [
        (make_record_id("012", each.number), each.developer_name, each.name, each.default)
        for each in schema.record_types
    ]
    rows.append((MASTER_RECORD_TYPE, "Master", "Master", not rows))
    return [
        {
            "active": True,
            "available": True,
            "defaultRecordTypeMapping": default,
            "developerName": developer_name,
            "master": record_type_id == MASTER_RECORD_TYPE,
            "name": name,
            "recordTypeId": record_type_id,
            "urls": {"layout": f"{data_path}/sobjects/{schema.name}/describe/layouts/{record_type_id}"},
        }
        for record_type_id, developer_name, name, default in rows
    ]


def _describe_children(org: Org, schema: EntitySchema) -> list[dict[str, Any]]:
    return [
        {
            "childSObject": entity,
            "field": field.name,
            "relationshipName": field.child_relationship,
            "cascadeDelete": field.on_parent_delete == "cascade",
            "restrictedDelete": field.on_parent_delete == "restrict",
            "deprecatedAndHidden": False,
        }
        for entity, field in org.references_to(schema.name)
    ]
