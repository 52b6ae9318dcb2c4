"""`/emulator`: the control plane for tests and people: health, journal, faults, sessions, stream actions. No
sign-in."""

from collections.abc import Mapping
from typing import Any

import msgspec

from sf_sync.emulator.changes import Commit
from sf_sync.emulator.faults import Faults, UnknownSwitch
from sf_sync.emulator.journal import Call, Journal
from sf_sync.emulator.pubsub.control import Order, StreamControl, UnknownAction, UnknownEntity
from sf_sync.emulator.rest.messages import ApiAnswer
from sf_sync.emulator.sessions import Sessions
from sf_sync.emulator.store import Org


class ControlPlane:
    """Answers calls below `/emulator`. Errors are `{"error": "one sentence"}`."""

    def __init__(
        self, *, org: Org, faults: Faults, journal: Journal, sessions: Sessions, stream: StreamControl
    ) -> None:
        self._org = org
        self._faults = faults
        self._journal = journal
        self._sessions = sessions
        self._stream = stream

    def answer(self, method: str, segments: list[str], params: Mapping[str, str], body: bytes) -> ApiAnswer:
        match (method, *segments):
            case ("GET", "health"):
                return ApiAnswer(body=self._describe_health())
            case ("GET", "journal"):
                return self._read_journal(params)
            case ("DELETE", "journal"):
                self._journal.clear()
                return ApiAnswer(status=204)
            case ("DELETE", "sessions"):
                return ApiAnswer(body={"expired": self._sessions.revoke_all()})
            case ("GET" | "PUT" | "PATCH" | "DELETE", "faults"):
                return self._answer_faults(method, body)
            case ("GET", "stream"):
                return ApiAnswer(
                    body={"open": self._stream.open_count, "actions": list(self._stream.actions)}
                )
            case ("POST", "stream", action):
                return self._act_on_stream(action, body)
        return _error(
            404, "There is no such control; see health, journal, faults, sessions, stream/<action>."
        )

    def _describe_health(self) -> dict[str, Any]:
        rows = {name: len(table.rows) for name, table in self._org.tables.items()}
        return {
            "status": "ok",
            "orgId": self._org.org_id,
            "lastCommit": self._org.last_commit_number,
            "rows": rows,
        }

    def _read_journal(self, params: Mapping[str, str]) -> ApiAnswer:
        after, after_commit = params.get("after", "0"), params.get("afterCommit", "0")
        if not after.isdigit() or not after_commit.isdigit():
            return _error(400, "`after` and `afterCommit` are numbers.")
        return ApiAnswer(
            body={
                "lastCall": self._journal.last_number,
                "counted": self._journal.counted,
                "calls": [describe_call(call) for call in self._journal.calls_after(int(after))],
                "commits": [
                    describe_commit(commit) for commit in self._journal.commits_after(int(after_commit))
                ],
            }
        )

    def _answer_faults(self, method: str, body: bytes) -> ApiAnswer:
        """GET shows, PATCH sets those given, PUT also puts the others back, DELETE puts all back."""
        try:
            switches = msgspec.json.decode(body, type=dict[str, Any]) if method in ("PUT", "PATCH") else {}
            if method == "PUT":
                Faults().change(switches)
            if method in ("PUT", "DELETE"):
                self._faults.reset()
            self._faults.change(switches)
        except (UnknownSwitch, msgspec.DecodeError, UnicodeDecodeError) as error:
            return _error(400, str(error))
        return ApiAnswer(body=msgspec.structs.asdict(self._faults))

    def _act_on_stream(self, action: str, body: bytes) -> ApiAnswer:
        try:
            order = msgspec.json.decode(body or b"{}", type=Order)
            return ApiAnswer(body=msgspec.to_builtins(self._stream.apply(action, order)))
        except (UnknownAction, UnknownEntity, msgspec.DecodeError, UnicodeDecodeError) as error:
            return _error(400, str(error))


def describe_call(call: Call) -> dict[str, Any]:
    return {
        "number": call.number,
        "at": call.at,
        "method": call.method,
        "path": call.path,
        "status": call.status,
        "client": call.client,
        "errorCode": call.error_code,
        "outcome": call.outcome,
        "counted": call.counted,
        "durationMs": round(call.duration_ms, 3),
    }


def describe_commit(commit: Commit) -> dict[str, Any]:
    """What was changed by whom; no field values."""
    changes = [
        {
            "entity": each.entity,
            "recordId": each.record_id,
            "kind": each.kind,
            "changed": sorted(each.changed),
        }
        for each in commit.changes
    ]
    return {
        "number": commit.number,
        "at": commit.at,
        "userId": commit.user_id,
        "origin": commit.origin,
        "transactionKey": commit.transaction_key,
        "changes": changes,
    }


def _error(status: int, sentence: str) -> ApiAnswer:
    return ApiAnswer(status=status, body={"error": sentence})
