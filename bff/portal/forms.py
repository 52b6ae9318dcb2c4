"""The address form: what it shows, and what comes back from it, with each mistake beside its field."""

from collections.abc import Mapping
from urllib.parse import parse_qsl

import msgspec
from litestar import Request

from bff.addresses import Address, AddressInput, AddressType
from bff.eligibility.schemas import Notes, Sku
from bff.errors import InvalidRequest
from bff.texts import N_, Texts

FORM = "application/x-www-form-urlencoded"
LARGEST_FORM = 32 * 1024
MOST_FIELDS = 40


class Choice(msgspec.Struct, frozen=True):
    value: str
    label: str


class Field(msgspec.Struct, frozen=True, kw_only=True):
    """One control as a template needs it. `kind` is the type of an input that takes one line."""

    name: str
    label: str
    value: str = ""
    error: str = ""
    hint: str = ""
    is_required: bool = False
    width: str = ""
    autocomplete: str = ""
    kind: str = "text"
    lines: int = 1
    choices: tuple[Choice, ...] = ()

    @property
    def id(self) -> str:
        return f"field-{self.name}"


class FieldError(msgspec.Struct, frozen=True):
    """`field` is the id of a control; empty for a mistake of the whole form."""

    text: str
    field: str = ""


class _Control(msgspec.Struct, frozen=True, kw_only=True):
    label: str
    missing: str = ""
    width: str = ""
    autocomplete: str = ""


# In the order of the form. `missing` is what is asked for where the field may not stay empty.
_CONTROLS: Mapping[str, _Control] = {
    "street": _Control(
        label=N_("Street and number"),
        missing=N_("Please enter the street and number"),
        autocomplete="address-line1",
    ),
    "building": _Control(label=N_("Building"), autocomplete="address-line2"),
    "floor": _Control(label=N_("Floor"), width="half"),
    "apartment": _Control(label=N_("Apartment or room"), width="half"),
    "area": _Control(label=N_("Area or district"), width="third", autocomplete="address-level3"),
    "city": _Control(
        label=N_("City"), missing=N_("Please enter the city"), width="third", autocomplete="address-level2"
    ),
    "postalCode": _Control(label=N_("Postal code"), width="third", autocomplete="postal-code"),
}
_KINDS = {
    AddressType.HOME: N_("Home"),
    AddressType.WORK: N_("Work"),
    AddressType.OTHER: N_("Other"),
}
_TYPES = {field.encode_name: field.type for field in msgspec.structs.fields(AddressInput)}
_TOO_LONG = N_("Use at most %(most)s characters")
_ODD = N_("Remove signs that do not belong here")


class Filled(msgspec.Struct, frozen=True, kw_only=True):
    """A form that came back. `address`, `notes` and `sku` are set when it has no errors."""

    values: Mapping[str, str]
    errors: Mapping[str, str]
    address: AddressInput | None = None

    def find(self, name: str) -> str | None:
        return self.values.get(name) or None


async def read_form(request: Request) -> dict[str, str]:  # type: ignore[type-arg]
    """The fields of an url-encoded body, trimmed; the size is bounded by the route.

    Raises:
        InvalidRequest: what no browser sends: other encodings, NUL, hundreds of fields.
    """
    try:
        pairs = parse_qsl((await request.body()).decode(), keep_blank_values=True, max_num_fields=MOST_FIELDS)
    except ValueError as error:
        raise InvalidRequest from error
    if any("\0" in value for _, value in pairs):
        raise InvalidRequest
    return {name: value.replace("\r\n", "\n").strip() for name, value in pairs}


def parse_review_form(values: Mapping[str, str], texts: Texts) -> Filled:
    """Checks every field by the wire type that it will have, so that page and API agree."""
    given = {name: values.get(name, "") for name in ("type", *_CONTROLS)}
    errors = {name: error for name, value in given.items() if (error := _check(name, value, texts))}
    if error := find_mistake(values.get("notes", ""), Notes, texts):
        errors["notes"] = error
    if values.get("sku") and not is_sku(values["sku"]):
        raise InvalidRequest
    if errors:
        return Filled(values=values, errors=errors)
    address = msgspec.convert({name: value for name, value in given.items() if value}, AddressInput)
    return Filled(values=values, errors=errors, address=address)


def is_sku(text: str) -> bool:
    try:
        msgspec.convert(text, Sku)
    except msgspec.ValidationError:
        return False
    return True


def _check(name: str, value: str, texts: Texts) -> str:
    if value:
        return find_mistake(value, _TYPES[name], texts)
    missing = _CONTROLS[name].missing if name in _CONTROLS else ""
    return texts.say(missing) if missing else ""


def find_mistake(value: str, wanted: object, texts: Texts) -> str:
    """What is wrong with a value of this wire type, in words; empty when nothing is."""
    try:
        msgspec.convert(value, wanted)
    except msgspec.ValidationError:
        most = _find_most_characters(wanted)
        return texts.say(_TOO_LONG, most=most) if most and len(value) > most else texts.say(_ODD)
    return ""


def _find_most_characters(wanted: object) -> int | None:
    described = msgspec.inspect.type_info(wanted)
    parts = described.types if isinstance(described, msgspec.inspect.UnionType) else (described,)
    return next((part.max_length for part in parts if isinstance(part, msgspec.inspect.StrType)), None)


def make_address_fields(filled: Filled, texts: Texts) -> tuple[Field, ...]:
    kinds = tuple(Choice(kind, texts.say(label)) for kind, label in _KINDS.items())
    kind = Field(
        name="type",
        label=texts.say(N_("Kind of address")),
        value=filled.values.get("type", AddressType.HOME),
        error=filled.errors.get("type", ""),
        width="half",
        choices=kinds,
    )
    return (*(_make_field(name, control, filled, texts) for name, control in _CONTROLS.items()), kind)


def _make_field(name: str, control: _Control, filled: Filled, texts: Texts) -> Field:
    return Field(
        name=name,
        label=texts.say(control.label),
        value=filled.values.get(name, ""),
        error=filled.errors.get(name, ""),
        is_required=bool(control.missing),
        width=control.width,
        autocomplete=control.autocomplete,
    )


def make_notes_field(filled: Filled, texts: Texts) -> Field:
    return Field(
        name="notes",
        label=texts.say(N_("Anything our team should know")),
        hint=texts.say(N_("For example how to reach the building, or when you move in.")),
        value=filled.values.get("notes", ""),
        error=filled.errors.get("notes", ""),
        lines=3,
    )


def fill_from_address(address: Address | None) -> Filled:
    """The form as it first appears, with the address on file."""
    if address is None:
        return Filled(values={}, errors={})
    parts = msgspec.to_builtins(
        AddressInput(**{name: getattr(address, name) for name in AddressInput.__struct_fields__})
    )
    return Filled(values={name: value for name, value in parts.items() if isinstance(value, str)}, errors={})
