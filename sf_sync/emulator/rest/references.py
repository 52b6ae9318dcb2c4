"""References of a composite: `@{ref.records[0].Id}` in the url and body of a later subrequest."""

import re
from collections.abc import Callable, Mapping
from typing import Any
from urllib.parse import quote

from sf_sync.emulator.refusals import SalesforceRefusal

REFERENCE_ID = re.compile(r"[A-Za-z0-9_]+")
_REFERENCE = re.compile(r"@\{([A-Za-z0-9_]+)((?:\.[A-Za-z_][A-Za-z0-9_]*|\[\d+\])*)\}")
_STEP = re.compile(r"\.([A-Za-z_][A-Za-z0-9_]*)|\[(\d+)\]")
_MISSING = object()


def resolve_url(url: str, bodies: Mapping[str, Any]) -> str:
    """The url with every reference replaced and percent-encoded. Raises SalesforceRefusal when one has no value."""
    return _replace(url, bodies, lambda value: quote(_as_text(value), safe=""))


def resolve_body(value: Any, bodies: Mapping[str, Any]) -> Any:
    """The body with every reference in its texts replaced. Raises SalesforceRefusal when one has no value."""
    match value:
        case str():
            return _replace(value, bodies, _as_text)
        case dict():
            return {key: resolve_body(each, bodies) for key, each in value.items()}
        case list():
            return [resolve_body(each, bodies) for each in value]
    return value


def _replace(text: str, bodies: Mapping[str, Any], render: Callable[[Any], str]) -> str:
    if "@{" not in text:
        return text
    return _REFERENCE.sub(lambda match: render(_look_up(match, bodies)), text)


def _look_up(match: re.Match[str], bodies: Mapping[str, Any]) -> Any:
    name, steps = match.group(1), match.group(2)
    value: Any = bodies.get(name, _MISSING)
    for key, index in _STEP.findall(steps):
        value = _step_into(value, key, index)
    if value is _MISSING or value is None or isinstance(value, dict | list):
        path = f"{name}{steps}"
        message = f"Invalid reference specified. No value for {path} found in {name}"
        raise SalesforceRefusal("PROCESSING_HALTED", message)
    return value


def _step_into(value: Any, key: str, index: str) -> Any:
    if key:
        return value.get(key, _MISSING) if isinstance(value, dict) else _MISSING
    position = int(index)
    return value[position] if isinstance(value, list) and position < len(value) else _MISSING


def _as_text(value: Any) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    return str(value)
