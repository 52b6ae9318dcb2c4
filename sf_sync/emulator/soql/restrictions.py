"""ContentDocumentLink may not be asked as freely as other objects: a query has to say whose links it means."""

from collections.abc import Iterator

from sf_sync.emulator.refusals import SalesforceRefusal
from sf_sync.emulator.soql.binding import Binder
from sf_sync.emulator.soql.syntax import And, Comparison, Condition, InList, InQuery, Not, Or, Path
from sf_sync.emulator.soql.trouble import malformed

_LINK = "ContentDocumentLink"
_PLACE = "LinkedEntityId"
_BOUNDS = frozenset({"Id", "ContentDocumentId", _PLACE})
_UNBOUNDED = (
    "Implementation restriction: ContentDocumentLink requires a filter by a single Id on ContentDocumentId or "
    "LinkedEntityId using the equals operator or multiple Id's using the IN operator."
)
_OTHER_FIELD = (
    "Implementation restriction: filtering on non-id fields is only permitted when filtering by "
    "ContentDocumentLink.LinkedEntityId."
)


def check_restrictions(binder: Binder) -> None:
    """Raises SalesforceRefusal MALFORMED_QUERY for a query that the platform would not run."""
    if binder.entity.name != _LINK:
        return
    where = binder.query.where
    bounds = set() if where is None else set(_list_bounds(where, binder))
    if where is None or not _is_bounded(where, binder):
        raise SalesforceRefusal("MALFORMED_QUERY", _UNBOUNDED)
    if _PLACE not in bounds and any(not _is_id(path, binder) for path in _list_paths(where)):
        raise SalesforceRefusal("MALFORMED_QUERY", _OTHER_FIELD)


def refuse_semi_join(binder: Binder) -> None:
    """Raises SalesforceRefusal for an inner select that the platform does not run."""
    if binder.entity.name == _LINK:
        problem = f"Entity '{_LINK}' is not supported for semi join inner selects"
        raise malformed(binder.query.text, binder.query.source_at, problem)


def _is_bounded(condition: Condition, binder: Binder) -> bool:
    match condition:
        case And(items):
            return any(_is_bounded(item, binder) for item in items)
        case Or(items):
            return all(_is_bounded(item, binder) for item in items)
    return any(True for _ in _list_bounds(condition, binder))


def _list_bounds(condition: Condition, binder: Binder) -> Iterator[str]:
    """The fields that equality or IN ties to ids."""
    match condition:
        case And(items) | Or(items):
            for item in items:
                yield from _list_bounds(item, binder)
        case Comparison(path, "=") | InList(path, _, False) | InQuery(path, _, False):
            bound = binder.bind(path)
            if not bound.lookups and bound.field.name in _BOUNDS:
                yield bound.field.name


def _list_paths(condition: Condition) -> Iterator[Path]:
    match condition:
        case And(items) | Or(items):
            for item in items:
                yield from _list_paths(item)
        case Not(item):
            yield from _list_paths(item)
        case Comparison(path) | InList(path) | InQuery(path):
            yield path


def _is_id(path: Path, binder: Binder) -> bool:
    return binder.bind(path).field.type in ("id", "reference")
