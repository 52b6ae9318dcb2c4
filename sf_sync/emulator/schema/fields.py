"""Short builders of field descriptions, and the groups of fields that every object shares."""

from typing import Any

import msgspec

from sf_sync.emulator.schema.model import FieldSchema, FieldType

LONG_TEXT = 32_000


def text(name: str, label: str, length: int = 255, **rest: Any) -> FieldSchema:
    return FieldSchema(name=name, label=label, type="string", length=length, **rest)


def long_text(name: str, label: str, length: int = LONG_TEXT) -> FieldSchema:
    return FieldSchema(
        name=name, label=label, type="textarea", length=length, long_text=True, filterable=False
    )


def picklist(name: str, label: str, *values: str, restricted: bool = False, **rest: Any) -> FieldSchema:
    return FieldSchema(
        name=name, label=label, type="picklist", length=255, picklist=values, restricted=restricted, **rest
    )


def of_type(kind: FieldType, name: str, label: str, **rest: Any) -> FieldSchema:
    """A field of a type that needs no length: phone, email, date, datetime, boolean, int and the like."""
    lengths = {"phone": 40, "email": 80, "url": 255}
    return FieldSchema(name=name, label=label, type=kind, **({"length": lengths.get(kind, 0)} | rest))


def lookup(name: str, label: str, *targets: str, relationship: str | None = None, **rest: Any) -> FieldSchema:
    """A reference; its relationship name is the field's name without `Id` unless given."""
    return FieldSchema(
        name=name,
        label=label,
        type="reference",
        length=18,
        reference_to=targets,
        relationship_name=relationship or name.removesuffix("Id"),
        **rest,
    )


def identity() -> tuple[FieldSchema, ...]:
    """Id and IsDeleted, which stand first and stay out of change events."""
    return (
        FieldSchema(
            name="Id", label="Record ID", type="id", length=18, nillable=False, **_READ_ONLY, in_events=False
        ),
        FieldSchema(
            name="IsDeleted", label="Deleted", type="boolean", nillable=False, **_READ_ONLY, in_events=False
        ),
    )


def owner(**rest: Any) -> FieldSchema:
    return lookup("OwnerId", "Owner ID", "User", **rest)


def audit() -> tuple[FieldSchema, ...]:
    """Who and when, in the order of the change events; SystemModstamp stays out of them."""
    return (
        of_type("datetime", "CreatedDate", "Created Date", **_READ_ONLY, nillable=False),
        lookup("CreatedById", "Created By ID", "User", **_READ_ONLY),
        of_type("datetime", "LastModifiedDate", "Last Modified Date", **_READ_ONLY, nillable=False),
        lookup("LastModifiedById", "Last Modified By ID", "User", **_READ_ONLY),
        of_type(
            "datetime", "SystemModstamp", "System Modstamp", **_READ_ONLY, nillable=False, in_events=False
        ),
    )


def view_stamps() -> tuple[FieldSchema, ...]:
    stamps = (("LastViewedDate", "Last Viewed Date"), ("LastReferencedDate", "Last Referenced Date"))
    return tuple(of_type("datetime", name, label, **_READ_ONLY, in_events=False) for name, label in stamps)


def address(name: str, label: str) -> tuple[FieldSchema, ...]:
    """A compound address and its parts, in the order of the event's Address record."""
    prefix = name.removesuffix("Address")
    whole = FieldSchema(name=name, label=f"{label} Address", type="address", **_READ_ONLY, filterable=False)
    return (whole, *(_address_part(name, prefix, label, part) for part in _ADDRESS_PARTS))


def person_name() -> tuple[FieldSchema, ...]:
    """A compound name and its parts; the whole is stored as the platform puts it together."""
    whole = FieldSchema(
        name="Name", label="Full Name", type="name", length=121, **_READ_ONLY, name_field=True, compound=None
    )
    return (
        whole,
        text("LastName", "Last Name", 80, nillable=False, compound="Name"),
        text("FirstName", "First Name", 40, compound="Name"),
        picklist("Salutation", "Salutation", "Mr.", "Ms.", "Mrs.", "Dr.", "Prof.", compound="Name"),
    )


def number_custom_fields(prefix: int, *fields: FieldSchema) -> tuple[FieldSchema, ...]:
    """Give custom fields their 00N ids, counted from the object's own number."""
    return tuple(
        msgspec.structs.replace(field, field_id=f"00NDp000{prefix:02d}{count:05d}")
        for count, field in enumerate(fields, start=1)
    )


_READ_ONLY: dict[str, Any] = {"createable": False, "updateable": False}

_ADDRESS_PARTS: tuple[tuple[str, str, FieldType, int], ...] = (
    ("Street", "Street", "textarea", 255),
    ("City", "City", "string", 40),
    ("State", "State/Province", "string", 80),
    ("PostalCode", "Zip/Postal Code", "string", 20),
    ("Country", "Country", "string", 80),
    ("StateCode", "State/Province Code", "string", 10),
    ("CountryCode", "Country Code", "string", 10),
    ("Latitude", "Latitude", "double", 0),
    ("Longitude", "Longitude", "double", 0),
    ("GeocodeAccuracy", "Geocode Accuracy", "picklist", 40),
)


def _address_part(
    compound: str, prefix: str, label: str, part: tuple[str, str, FieldType, int]
) -> FieldSchema:
    name, part_label, kind, length = part
    return FieldSchema(
        name=f"{prefix}{name}",
        label=f"{label} {part_label}",
        type=kind,
        length=length,
        compound=compound,
        scale=15 if kind == "double" else 0,
    )
