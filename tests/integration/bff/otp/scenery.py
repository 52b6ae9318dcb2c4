"""A desk that sends codes on a clock of the test's own, and what it sent."""

import io
import re
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

import msgspec
import pytest_asyncio
from sqlalchemy import text

from bff.adapters import Adapters
from bff.identity import Caller, CallerKind, StaffRole
from bff.otp import Purpose
from bff.otp.service import Asker, Confirmed, OneTimeCodes, Underway
from bff.phones import parse_phone
from bff.settings import Settings
from bff.sms import Sms, SmsOutcome, SmsSender

MOBILE, OTHER = "+819012345678", "+818087654321"
START = datetime(2026, 3, 1, 9, tzinfo=UTC)
ADD_ORG = text(
    "INSERT INTO orgs (id, slug, name, region, locale) VALUES (:id, :slug, 'Some Telecom', :region, 'en')"
)


class Outbox(SmsSender):
    """Keeps what was handed over. `outcomes` are answered in their order, then every message is sent."""

    def __init__(self) -> None:
        self.messages: list[Sms] = []
        self.outcomes: list[SmsOutcome] = []

    async def send(self, message: Sms) -> SmsOutcome:
        self.messages.append(message)
        return self.outcomes.pop(0) if self.outcomes else SmsOutcome.SENT

    @property
    def code(self) -> str:
        """The one that was sent last."""
        found = re.search(r"\b[0-9]{6}\b", self.messages[-1].text)
        assert found is not None
        return found[0]

    @property
    def wrong_code(self) -> str:
        return f"{(int(self.code) + 1) % 10**6:06d}"


class Desk:
    """One org with its codes. `now` moves by hand."""

    def __init__(self, adapters: Adapters, settings: Settings, org_id: UUID) -> None:
        self.outbox = Outbox()
        self.adapters = msgspec.structs.replace(adapters, sms=self.outbox)
        self.settings = settings
        self.org_id = org_id
        self.now = START
        self.codes = self.open_codes(settings)

    def open_codes(self, settings: Settings) -> OneTimeCodes:
        return OneTimeCodes(self.adapters, settings, parse_phone=parse_phone, now=lambda: self.now)

    def wait(self, **length: float) -> None:
        self.now += timedelta(**length)

    def make_caller(self, kind: CallerKind = CallerKind.STAFF, **fields: Any) -> Caller:
        who: dict[str, Any] = {
            CallerKind.STAFF: {"staff_id": UUID(int=1), "role": StaffRole.POS},
            CallerKind.MACHINE: {"client_id": "shop"},
            CallerKind.CUSTOMER: {"customer_id": UUID(int=2)},
        }[kind]
        return Caller(
            **{"kind": kind, "org_id": self.org_id, "org_slug": "some", "region": "JP", "locale": "en"}
            | who
            | fields
        )

    async def send(
        self,
        phone: str = MOBILE,
        *,
        caller: Caller | None = None,
        purpose: Purpose = Purpose.VERIFICATION,
        address: str = "",
        language: str | None = None,
    ) -> Underway:
        asker = Asker(caller=caller or self.make_caller(), address=address)
        return await self.codes.send(asker, phone=phone, purpose=purpose, language=language)

    async def enter(
        self,
        code: str,
        phone: str = MOBILE,
        *,
        caller: Caller | None = None,
        purpose: Purpose = Purpose.VERIFICATION,
    ) -> Confirmed:
        asker = Asker(caller=caller or self.make_caller())
        return await self.codes.verify(asker, phone=phone, purpose=purpose, code=code)

    async def list_rows(self, statement: str) -> list[dict[str, Any]]:
        async with self.adapters.database.transaction(self.org_id) as session:
            return [dict(row._mapping) for row in await session.execute(text(statement))]


async def open_org(adapters: Adapters, *, region: str = "JP") -> UUID:
    org_id = uuid4()
    async with adapters.database.orgless() as session:
        await session.execute(ADD_ORG, {"id": org_id, "slug": f"o{org_id.hex}", "region": region})
    return org_id


@pytest_asyncio.fixture
async def desk(portal_adapters: Adapters, portal_settings: Settings) -> AsyncIterator[Desk]:
    await portal_adapters.redis.open()
    yield Desk(portal_adapters, portal_settings, await open_org(portal_adapters))
    await portal_adapters.redis.close()
    await portal_adapters.database.close()


def read_console(adapters: Adapters) -> str:
    """What a portal's console sender wrote."""
    stream = vars(adapters.sms)["_stream"]
    assert isinstance(stream, io.StringIO)
    return stream.getvalue()
