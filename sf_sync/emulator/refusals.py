"""What the org answers when it will not do something: one exception with status, code, message and fields.

Codes and texts follow the REST API's error table; the code is what clients decide by.
"""

from collections.abc import Sequence


class SalesforceRefusal(Exception):
    """The org refuses. `status` is the HTTP status of a single-row call; in collections only code and text
    are shown."""

    def __init__(
        self, code: str, message: str, *, fields: Sequence[str] | None = None, status: int = 400
    ) -> None:
        super().__init__(f"{code}: {message}")
        self.code = code
        self.message = message
        self.fields = fields
        self.status = status


def no_such_resource() -> SalesforceRefusal:
    return SalesforceRefusal("NOT_FOUND", "The requested resource does not exist", status=404)


def no_such_row(what: str = "The requested resource does not exist") -> SalesforceRefusal:
    return SalesforceRefusal("NOT_FOUND", what, status=404)


def entity_is_deleted() -> SalesforceRefusal:
    return SalesforceRefusal("ENTITY_IS_DELETED", "entity is deleted", fields=[], status=404)


def bad_reference(
    message: str = "invalid cross reference id", *, fields: Sequence[str] = ()
) -> SalesforceRefusal:
    return SalesforceRefusal("INVALID_CROSS_REFERENCE_KEY", message, fields=list(fields))


def duplicate_value(field: str, existing_id: str) -> SalesforceRefusal:
    message = f"duplicate value found: {field} duplicates value on record with id: {existing_id}"
    return SalesforceRefusal("DUPLICATE_VALUE", message, fields=[])


def method_not_allowed(method: str, allowed: Sequence[str]) -> SalesforceRefusal:
    message = f"HTTP Method '{method}' not allowed. Allowed are {','.join(allowed)}"
    return SalesforceRefusal("METHOD_NOT_ALLOWED", message, status=405)


def json_trouble(message: str) -> SalesforceRefusal:
    return SalesforceRefusal("JSON_PARSER_ERROR", message)


def row_is_locked(record_id: str | None) -> SalesforceRefusal:
    message = f"unable to obtain exclusive access to this record or 1 records: {record_id or ''}".rstrip(": ")
    return SalesforceRefusal("UNABLE_TO_LOCK_ROW", message, fields=[])
