"""The shapes that go to Salesforce and come back."""

from collections.abc import Mapping
from typing import Any

from msgspec import Struct


class Answer(Struct, frozen=True, kw_only=True):
    """A success. `body` is parsed JSON (any shape: check it), None for an empty body."""

    status: int
    body: Any
    headers: Mapping[str, str]


class Subrequest(Struct, frozen=True, kw_only=True):
    """One step of a composite call.

    `path` is relative to the version (`sobjects/Account/…`); it and `body` may hold references
    `@{id.field}`, so text that a customer wrote must pass through `escape_references` first.
    """

    method: str
    path: str
    reference_id: str
    body: Mapping[str, Any] | None = None
    headers: Mapping[str, str] | None = None


class SubAnswer(Struct, frozen=True, kw_only=True):
    """What one step answered. `body` is any JSON; `status` is the step's own, the composite's is always
    200.
    """

    reference_id: str
    status: int
    body: Any

    @property
    def is_success(self) -> bool:
        return 200 <= self.status < 300
