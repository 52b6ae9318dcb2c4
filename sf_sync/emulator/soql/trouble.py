"""Refusals of queries, in the form in which Salesforce points into the query text."""

from sf_sync.emulator.refusals import SalesforceRefusal

_CUSTOM_FIELD_HINT = (
    "If you are attempting to use a custom field, be sure to append the '__c' after the custom field name. Please "
    "reference your WSDL or the describe call for the appropriate names."
)
_CUSTOM_OBJECT_HINT = (
    "If you are attempting to use a custom object, be sure to append the '__c' after the entity name. Please "
    "reference your WSDL or the describe call for the appropriate names."
)
_RELATIONSHIP_HINT = (
    "If you are attempting to use a custom relationship, be sure to append the '__r' after the custom relationship "
    "name. Please reference your WSDL or the describe call for the appropriate names."
)
_SHOWN = 60


def malformed(text: str, at: int, problem: str) -> SalesforceRefusal:
    return SalesforceRefusal("MALFORMED_QUERY", point_at(text, at, problem))


def unexpected(text: str, at: int, token: str) -> SalesforceRefusal:
    shown = f"unexpected token: '{token}'" if token else "unexpected end of file"
    return malformed(text, at, shown)


def no_such_column(text: str, at: int, column: str, entity: str) -> SalesforceRefusal:
    problem = f"No such column '{column}' on entity '{entity}'. {_CUSTOM_FIELD_HINT}"
    return SalesforceRefusal("INVALID_FIELD", point_at(text, at, problem))


def no_such_relationship(text: str, at: int, name: str) -> SalesforceRefusal:
    problem = f"Didn't understand relationship '{name}' in field path. {_RELATIONSHIP_HINT}"
    return SalesforceRefusal("INVALID_FIELD", point_at(text, at, problem))


def no_such_object(text: str, at: int, name: str) -> SalesforceRefusal:
    problem = f"sObject type '{name}' is not supported. {_CUSTOM_OBJECT_HINT}"
    return SalesforceRefusal("INVALID_TYPE", point_at(text, at, problem))


def bad_field(text: str, at: int, problem: str) -> SalesforceRefusal:
    return SalesforceRefusal("INVALID_FIELD", point_at(text, at, problem))


def bad_operator(text: str, at: int, problem: str) -> SalesforceRefusal:
    return SalesforceRefusal("INVALID_QUERY_FILTER_OPERATOR", point_at(text, at, problem))


def point_at(text: str, at: int, problem: str) -> str:
    """The part of the query around the place, a caret under it, row and column, and the problem."""
    line_start = text.rfind("\n", 0, at) + 1
    line_end = text.find("\n", at)
    line = text[line_start : line_end if line_end >= 0 else len(text)]
    column = at - line_start
    first = max(0, column - _SHOWN // 2)
    shown = line[first : first + _SHOWN]
    row = text.count("\n", 0, at) + 1
    return f"\n{shown}\n{' ' * (column - first)}^\nERROR at Row:{row}:Column:{column + 1}\n{problem}"
