"""How many messages leave: what holds back who asks too often, and who pumps."""

from collections.abc import Callable
from contextlib import suppress
from datetime import timedelta
from typing import Any
from uuid import UUID

import msgspec
import pytest
import structlog
from sqlalchemy import text

from bff.identity import CallerKind
from bff.otp import Purpose
from bff.otp.admission import Admitted, admit
from bff.otp.counting import WINDOWS, Wish
from bff.otp.keys import Binding
from bff.otp.refusals import CodeExpired, CodesPaused, CodeWrong, PhoneNotAllowed, TooManyCodes
from bff.otp.rules import LATEST, TRIES, Limits, make_target
from bff.otp.service import FAILURES_PER_MINUTE
from tests.integration.bff.otp.scenery import MOBILE, Desk, open_org

pytestmark = pytest.mark.asyncio


def make_phone(number: int) -> str:
    """Each in a block of its own."""
    return f"+8190{1000 + number:04d}0000"


async def send_until_refused(desk: Desk, send: Callable[[int], Any], most: int = 200) -> int:
    for count in range(most):
        try:
            await send(count)
        except TooManyCodes:
            return count
    return most


class TestOneNumber:
    async def test_waits_longer_each_time(self, desk: Desk) -> None:
        waits = []
        for _ in range(4):
            underway = await desk.send()
            waits.append((underway.resend_at - desk.now).total_seconds())
            desk.now = underway.resend_at - timedelta(seconds=1)
            with pytest.raises(TooManyCodes) as refusal:
                await desk.send()
            desk.wait(seconds=1)
            assert refusal.value.retry_after_s == 1

        assert waits == [60, 120, 240, 480]

    async def test_waits_whatever_the_purpose_and_whoever_asks(self, desk: Desk) -> None:
        await desk.send()

        for other in (
            {"purpose": Purpose.LOGIN},
            {"caller": desk.make_caller(CallerKind.MACHINE)},
            {"caller": desk.make_caller(staff_id=UUID(int=9))},
        ):
            with pytest.raises(TooManyCodes):
                await desk.send(**other)  # type: ignore[arg-type]

    async def test_gets_five_in_an_hour_and_ten_in_a_day(self, desk: Desk) -> None:
        sent_at = []
        for _ in range(30):
            with suppress(TooManyCodes):
                await desk.send()
                await desk.enter(desk.outbox.code)
                sent_at.append(desk.now)
            desk.wait(minutes=10)

        assert len(sent_at) == 10
        assert (sent_at[5] - sent_at[0]).total_seconds() == 3600

    async def test_can_be_guessed_at_ten_times_in_a_day(self, desk: Desk) -> None:
        """Through every purpose in turn, with each code open beside the others."""
        machine, purposes = desk.make_caller(CallerKind.MACHINE), list(Purpose)
        for number in range(12):
            with suppress(TooManyCodes):
                await desk.send(purpose=purposes[number % 4], caller=machine)
            for purpose in purposes * 3:
                with suppress(CodeWrong, CodeExpired):
                    await desk.enter(desk.outbox.wrong_code, purpose=purpose, caller=machine)
            desk.wait(minutes=20)
        [row] = await desk.list_rows("SELECT sum(failures) AS failures FROM one_time_codes")

        assert row["failures"] == 10

    async def test_must_be_a_mobile_one_of_the_orgs_countries(self, desk: Desk) -> None:
        for phone in ("+96892123456", "03-1234-5678", "0990-123-456", "+96890012345"):
            with pytest.raises(PhoneNotAllowed):
                await desk.send(phone)
        async with desk.adapters.database.orgless() as session:
            countries = {"org": desk.org_id, "countries": ["JP", "OM"]}
            await session.execute(
                text("UPDATE orgs SET sms_countries = :countries WHERE id = :org"), countries
            )
        await desk.send("+96892123456")
        with pytest.raises(PhoneNotAllowed):
            await desk.send("+96890012345")

        assert len(desk.outbox.messages) == 1


class TestManyNumbers:
    async def test_of_one_block_get_ten_in_an_hour(self, desk: Desk) -> None:
        sent = await send_until_refused(desk, lambda number: desk.send(f"+81901234{number:04d}"))
        desk.wait(hours=1)
        await desk.send("+819012349999")

        assert sent == 10

    async def test_from_one_network_get_twenty_in_an_hour(self, desk: Desk) -> None:
        def send(number: int) -> Any:
            caller = desk.make_caller(CallerKind.CUSTOMER, customer_id=UUID(int=100 + number))
            return desk.send(make_phone(number), caller=caller, address="203.0.113.7")

        assert await send_until_refused(desk, send) == 20

    async def test_from_one_customer_get_ten_in_an_hour(self, desk: Desk) -> None:
        customer = desk.make_caller(CallerKind.CUSTOMER)

        async def send(number: int) -> None:
            await desk.send(make_phone(number), caller=customer, address=f"203.0.113.{number}")
            await desk.enter(desk.outbox.code, make_phone(number), caller=customer)

        assert await send_until_refused(desk, send) == 10

    async def test_of_one_org_get_what_the_setting_says(self, desk: Desk) -> None:
        codes = msgspec.structs.replace(desk.settings.codes, per_org_per_hour=7)
        desk.codes = desk.open_codes(msgspec.structs.replace(desk.settings, codes=codes))

        assert await send_until_refused(desk, lambda number: desk.send(make_phone(number))) == 7

    async def test_do_not_count_for_another_org(self, desk: Desk) -> None:
        await desk.send()
        elsewhere = Desk(desk.adapters, desk.settings, await open_org(desk.adapters))
        await elsewhere.send()

        assert len(elsewhere.outbox.messages) == 1


class TestEachLimit:
    @pytest.mark.parametrize("name", [name for name, _, _ in WINDOWS])
    async def test_holds_back_by_itself_and_nothing_does_without_it(self, desk: Desk, name: str) -> None:
        """One code was sent; the next one shares number, block, network, caller and org with it."""
        await desk.send(address="203.0.113.7")
        desk.wait(minutes=2)
        unlimited = Limits(**dict.fromkeys((name for name, _, _ in WINDOWS), None))
        limited = msgspec.structs.replace(unlimited, **{name: 1})

        with pytest.raises(TooManyCodes):
            await ask_for_another(desk, limited)
        assert (await ask_for_another(desk, unlimited)).tries == TRIES

    @pytest.mark.parametrize("name", ["failures_phone_day", "failures_caller_day"])
    async def test_of_wrong_entries_does_too(self, desk: Desk, name: str) -> None:
        await desk.send(address="203.0.113.7")
        with pytest.raises(CodeWrong):
            await desk.enter(desk.outbox.wrong_code)
        desk.wait(minutes=5)
        unlimited = Limits(failures_phone_day=1000, failures_caller_day=None)
        limited = msgspec.structs.replace(unlimited, **{name: 1})

        with pytest.raises(TooManyCodes):
            await ask_for_another(desk, limited)
        assert (await ask_for_another(desk, unlimited)).tries == TRIES


async def ask_for_another(desk: Desk, limits: Limits) -> Admitted:
    caller = desk.make_caller()
    binding = Binding(org_id=desk.org_id, phone=MOBILE, purpose=Purpose.LOGIN, actor=caller.actor)
    target = make_target(MOBILE, ["JP"])
    wish = Wish(binding=binding, target=target, network="203.0.113.7", limits=limits)
    async with desk.adapters.database.transaction(desk.org_id) as session:
        return await admit(session, wish, desk.now)


class TestPumping:
    async def test_pauses_a_country_whose_codes_nobody_enters(self, desk: Desk) -> None:
        machine = desk.make_caller(CallerKind.MACHINE)
        with structlog.testing.capture_logs() as lines:
            left = await self.pump(desk, LATEST + 20, caller=machine)

        assert left == LATEST
        assert [line["alarm"] for line in lines if "alarm" in line] == ["codes_pumped"]
        assert "8190" not in str(lines)

    async def test_goes_on_where_codes_are_entered(self, desk: Desk) -> None:
        machine = desk.make_caller(CallerKind.MACHINE)
        for number in range(LATEST + 10):
            await desk.send(make_phone(number), caller=machine)
            if number % 5 == 0:
                await desk.enter(desk.outbox.code, make_phone(number), caller=machine)

        assert len(desk.outbox.messages) == LATEST + 10

    async def test_ends_when_codes_are_entered_again(self, desk: Desk) -> None:
        machine = desk.make_caller(CallerKind.MACHINE)
        await self.pump(desk, LATEST + 1, caller=machine)
        for number in range(200, 210):
            desk.wait(minutes=5)
            await desk.send(make_phone(number), caller=machine)
            await desk.enter(desk.outbox.code, make_phone(number), caller=machine)

        assert await self.pump(desk, 3, caller=machine, first=300) == 3

    @pytest.mark.parametrize(
        ("asked", "numbers"), [(120, 60), pytest.param(10_000, 500, marks=pytest.mark.soak)]
    )
    async def test_leaves_at_most_sixty_messages_to_a_script(
        self, desk: Desk, asked: int, numbers: int
    ) -> None:
        """Each number in a block of its own, 1,000 networks with a customer each: what gets by every other limit."""
        for number in range(asked):
            caller = desk.make_caller(CallerKind.CUSTOMER, customer_id=UUID(int=number % 1000))
            address = f"203.0.{number % 1000 // 250}.{number % 250}"
            with suppress(TooManyCodes, CodesPaused):
                await desk.send(make_phone(number % numbers), caller=caller, address=address)
            desk.wait(seconds=0.05)

        assert len(desk.outbox.messages) <= 60

    async def pump(self, desk: Desk, count: int, *, first: int = 0, **who: Any) -> int:
        """How many messages left."""
        before = len(desk.outbox.messages)
        for number in range(first, first + count):
            with suppress(CodesPaused):
                await desk.send(make_phone(number), **who)
        return len(desk.outbox.messages) - before


class TestGuessing:
    async def test_at_many_numbers_is_an_alarm(self, desk: Desk) -> None:
        machine = desk.make_caller(CallerKind.MACHINE)
        with structlog.testing.capture_logs() as lines:
            for number in range(FAILURES_PER_MINUTE // 2 + 1):
                await desk.send(make_phone(number), caller=machine)
                for _ in range(2):
                    with pytest.raises(CodeWrong):
                        await desk.enter(desk.outbox.wrong_code, make_phone(number), caller=machine)

        assert [line["alarm"] for line in lines if "alarm" in line] == ["code_failures"]

    async def test_of_one_customer_ends_at_twenty(self, desk: Desk) -> None:
        customer = desk.make_caller(CallerKind.CUSTOMER)
        for number in range(40):
            with suppress(TooManyCodes):
                await desk.send(make_phone(number), caller=customer)
                for _ in range(3):
                    with pytest.raises((CodeWrong, CodeExpired)):
                        await desk.enter(desk.outbox.wrong_code, make_phone(number), caller=customer)
            desk.wait(minutes=10)
        [row] = await desk.list_rows("SELECT sum(failures) AS failures FROM one_time_codes")

        assert row["failures"] == 20

    async def test_cannot_be_spread_over_codes_that_are_open_at_the_same_time(self, desk: Desk) -> None:
        customer = desk.make_caller(CallerKind.CUSTOMER)
        for number in range(7):
            await desk.send(make_phone(number), caller=customer)
        with pytest.raises(TooManyCodes):
            await desk.send(make_phone(7), caller=customer)

        rows = await desk.list_rows("SELECT tries FROM one_time_codes ORDER BY phone")
        assert [row["tries"] for row in rows] == [3] * 6 + [2]
