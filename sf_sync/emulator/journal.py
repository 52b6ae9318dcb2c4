"""What was asked of the emulator and what was committed: bounded memory of API calls and commits, for tests
and people."""

from collections import deque
from collections.abc import Iterable
from datetime import datetime
from itertools import islice
from typing import Literal

import msgspec

from sf_sync.emulator.changes import Commit

Outcome = Literal["answered", "cut_before", "cut_after"]


class Call(msgspec.Struct, frozen=True, kw_only=True):
    """One API call as Salesforce counts it: a composite is one. `path` has no query string, since queries
    name people."""

    number: int
    at: datetime
    method: str
    path: str
    status: int
    """0 when the connection was cut and nobody was answered."""
    client: str
    """The `client=` of Sforce-Call-Options."""
    error_code: str
    outcome: Outcome
    counted: bool
    """Whether it used up the org's API allowance (logins and the list of versions do not)."""
    duration_ms: float


class Journal:
    """The latest calls and commits; older ones are forgotten, the counts are not."""

    def __init__(self, *, size: int) -> None:
        self.calls: deque[Call] = deque(maxlen=size)
        self.commits: deque[Commit] = deque(maxlen=size)
        self.last_number = 0
        self.counted = 0
        """Calls that used up allowance since the last `clear`."""

    def record_call(self, call: Call) -> None:
        self.calls.append(call)
        self.last_number = call.number
        self.counted += call.counted

    def record_commit(self, commit: Commit) -> None:
        self.commits.append(commit)

    def calls_after(self, number: int) -> list[Call]:
        """Remembered calls with a higher number, oldest first."""
        if not self.calls:
            return []
        return list(islice(self.calls, max(0, number + 1 - self.calls[0].number), None))

    def commits_after(self, number: int) -> Iterable[Commit]:
        return [commit for commit in self.commits if commit.number > number]

    def clear(self) -> None:
        """Forget calls and commits (of the journal only) and count from nought; call numbers go on."""
        self.calls.clear()
        self.commits.clear()
        self.counted = 0
