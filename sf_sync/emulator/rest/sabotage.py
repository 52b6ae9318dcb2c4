"""What the fault switches do to one call on the REST side."""

from collections.abc import Iterable
from typing import Any

import msgspec

from sf_sync.emulator.faults import Faults
from sf_sync.emulator.refusals import SalesforceRefusal
from sf_sync.emulator.rest.messages import NO_QUIRKS, ApiAnswer, Quirks, answer_refusal
from sf_sync.emulator.schema.model import EntitySchema
from sf_sync.emulator.store import Org

HTML_PAGE = (
    b"<html><head><title>502 Bad Gateway</title></head><body><h1>502 Bad Gateway</h1>"
    b"<p>The server is temporarily unable to service your request.</p></body></html>"
)
UNKNOWN_VALUE = "Under Reconsideration"
"""What unknown picklist fields say; no picklist of the org has it."""
_SWITCHES = (
    "unavailable", "unavailable_ratio", "html_error", "empty_body", "request_limit", "expired_session", "lock_rows",
    "wrong_account_id", "unknown_picklist", "cut_before", "cut_before_ratio", "cut_after_commit", "cut_after_ratio",
)  # fmt: skip


class Sabotage(msgspec.Struct, frozen=True, kw_only=True):
    """The plan for one call. `instead` is answered without carrying the call out."""

    instead: ApiAnswer | None = None
    cut_before: bool = False
    cut_after: bool = False
    empty_body: bool = False
    quirks: Quirks = NO_QUIRKS


NO_SABOTAGE = Sabotage()


class Saboteur:
    """Reads the switches at each call."""

    def __init__(self, faults: Faults) -> None:
        self._faults = faults

    def plan(self, method: str, path: str) -> Sabotage:
        faults = self._faults
        if not any(getattr(faults, switch) for switch in _SWITCHES) or not self._is_in_scope(method, path):
            return NO_SABOTAGE
        plan = self._choose()
        if plan != NO_SABOTAGE and faults.times is not None:
            faults.times -= 1
        return plan

    def _is_in_scope(self, method: str, path: str) -> bool:
        faults = self._faults
        if faults.times is not None and faults.times <= 0:
            return False
        return path.startswith(faults.path_prefix) and faults.method.upper() in ("", method)

    def _choose(self) -> Sabotage:
        faults, chance = self._faults, self._faults.roll()
        cut_after = faults.cut_before_ratio + faults.cut_after_ratio
        if faults.cut_before or chance < faults.cut_before_ratio:
            return Sabotage(cut_before=True)
        return Sabotage(
            instead=self._choose_refusal(unlucky=cut_after <= chance < cut_after + faults.unavailable_ratio),
            cut_after=faults.cut_after_commit or faults.cut_before_ratio <= chance < cut_after,
            empty_body=faults.empty_body,
            quirks=Quirks(
                lock_rows=faults.lock_rows,
                wrong_account_id=faults.wrong_account_id,
                unknown_picklist=faults.unknown_picklist,
            ),
        )

    def _choose_refusal(self, *, unlucky: bool) -> ApiAnswer | None:
        faults = self._faults
        if faults.html_error:
            return ApiAnswer(status=502, body=HTML_PAGE, headers={"Content-Type": "text/html; charset=utf-8"})
        if faults.unavailable or unlucky:
            message = "The server is temporarily unable to service your request. Try again later."
            return answer_refusal(SalesforceRefusal("SERVER_UNAVAILABLE", message, status=503))
        if faults.request_limit:
            return answer_refusal(request_limit_exceeded())
        return answer_refusal(session_expired()) if faults.expired_session else None


def request_limit_exceeded() -> SalesforceRefusal:
    return SalesforceRefusal("REQUEST_LIMIT_EXCEEDED", "TotalRequests Limit exceeded.", status=403)


def session_expired() -> SalesforceRefusal:
    return SalesforceRefusal("INVALID_SESSION_ID", "Session expired or invalid", status=401)


def distort(body: Any, quirks: Quirks, org: Org) -> Any:
    """The answer with the records of Accounts falsified as the quirks say."""
    if not (quirks.wrong_account_id or quirks.unknown_picklist):
        return body
    match body:
        case list():
            return [distort(each, quirks, org) for each in body]
        case {"attributes": {"type": "Account"}}:
            return _falsify(body, quirks, org)
        case dict():
            return {name: distort(each, quirks, org) for name, each in body.items()}
    return body


def _falsify(record: dict[str, Any], quirks: Quirks, org: Org) -> dict[str, Any]:
    changed = dict(record)
    if quirks.wrong_account_id and "Id" in record:
        changed["Id"] = _another_id(org.tables["Account"].rows, record["Id"])
    if quirks.unknown_picklist:
        for name in _custom_picklists(org.schema["Account"]):
            if name in record:
                changed[name] = UNKNOWN_VALUE
    return changed


def _another_id(ids: Iterable[str], record_id: str) -> str:
    return next((other for other in ids if other != record_id), "001000000000001AAA")


def _custom_picklists(schema: EntitySchema) -> list[str]:
    return [field.name for field in schema.fields if field.custom and field.type == "picklist"]
