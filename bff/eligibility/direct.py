"""The status as it is asked most: by pages that look again and find nothing new."""

from datetime import datetime

import msgspec

from bff.direct import DirectRead
from bff.eligibility.reading import RawLook, Reader, StartedLook
from bff.eligibility.schemas import make_answer
from bff.errors import Forbidden, SourceUnavailable
from bff.identity import Caller, CallerKind
from bff.texts import find_texts

REMEMBERED = 4096

Seen = tuple[str | None, str, bytes | None, datetime, bool, bytes | None]


class DirectEligibility(DirectRead):
    """The same read as `show_eligibility`. Equal bytes in the cache make equal answers, so each is made once."""

    def __init__(self, reader: Reader) -> None:
        self._reader = reader
        self._answers: dict[Seen, bytes] = {}

    def start(self, caller: Caller) -> StartedLook | None:
        return self._reader.start(caller)

    async def finish(self, caller: Caller, started: StartedLook | None) -> bytes:
        raw = await self._reader.finish(started) if started else None
        if caller.kind is not CallerKind.CUSTOMER:
            raise Forbidden
        if raw is None or raw.reading is None:
            return await self._make(caller, raw)
        reading = raw.reading
        seen = (caller.account_id, caller.locale, reading.value, reading.read_at, reading.stale, raw.picture)
        answer = self._answers.get(seen)
        if answer is None:
            answer = await self._make(caller, raw)
            # What came from Salesforce just now comes from the cache next time, so only that is worth keeping.
            if reading.source == "cache":
                self._remember(seen, answer)
        return answer

    async def _make(self, caller: Caller, raw: RawLook | None) -> bytes:
        look = await self._reader.interpret(caller, raw)
        assessment = look.assessment
        if assessment is None:
            raise SourceUnavailable(retry_after_s=look.retry_after_s)
        return msgspec.json.encode(make_answer(assessment, find_texts(caller.locale)))

    def _remember(self, seen: Seen, answer: bytes) -> None:
        if len(self._answers) >= REMEMBERED:
            self._answers.clear()
        self._answers[seen] = answer
