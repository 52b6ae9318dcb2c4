"""One-time codes on PostgreSQL: what opens, what does not, and how often one may try."""

import asyncio
import random
import unicodedata
from contextlib import suppress
from datetime import timedelta
from itertools import pairwise
from typing import Any
from uuid import UUID

import msgspec
import pytest
from sqlalchemy import text

from bff import worker
from bff.identity import CallerKind
from bff.jobs import tasks
from bff.otp import ProofRefused, Purpose, take_proof, upkeep
from bff.otp.keys import Binding
from bff.otp.refusals import CodeExpired, CodeNotSent, CodeWrong, PhoneNotReachable, TooManyCodes
from bff.otp.repository import find_open
from bff.otp.rules import LIFETIME, PROOF_LIFETIME, TRIES
from bff.otp.service import Confirmed
from bff.otp.upkeep import KEEP, forget_old
from bff.sms import SmsOutcome
from tests.integration.bff.otp.scenery import MOBILE, OTHER, Desk, open_org

pytestmark = pytest.mark.asyncio

REFUSED = (CodeWrong, CodeExpired)


async def take(desk: Desk, proof: str, **changes: Any) -> None:
    values: dict[str, Any] = {
        "org_id": desk.org_id,
        "purpose": Purpose.VERIFICATION,
        "phone": MOBILE,
        "at": desk.now,
    } | changes
    async with desk.adapters.database.transaction(values["org_id"]) as session:
        await take_proof(session, proof, **values)


class TestCode:
    async def test_is_exchanged_for_a_proof(self, desk: Desk) -> None:
        underway = await desk.send("090-1234-5678")
        confirmed = await desk.enter(desk.outbox.code)

        assert [message.to for message in desk.outbox.messages] == [MOBILE]
        assert underway.expires_at == desk.now + LIFETIME
        assert underway.resend_at == desk.now + timedelta(seconds=60)
        await take(desk, confirmed.proof)

    @pytest.mark.parametrize("offset", [0x0660, 0x06F0, 0xFF10])
    async def test_may_be_typed_in_other_digits(self, desk: Desk, offset: int) -> None:
        await desk.send()
        typed = "".join(chr(offset + int(digit)) for digit in desk.outbox.code)

        assert unicodedata.decimal(typed[0]) == int(desk.outbox.code[0])
        assert await desk.enter(typed)

    async def test_is_good_once(self, desk: Desk) -> None:
        await desk.send()
        await desk.enter(desk.outbox.code)

        with pytest.raises(CodeExpired):
            await desk.enter(desk.outbox.code)

    async def test_is_good_for_five_minutes(self, desk: Desk) -> None:
        await desk.send()
        desk.wait(seconds=LIFETIME.total_seconds())

        with pytest.raises(CodeExpired):
            await desk.enter(desk.outbox.code)

    async def test_takes_three_tries(self, desk: Desk) -> None:
        await desk.send()
        told = []
        for _ in range(TRIES):
            with pytest.raises(REFUSED) as refusal:
                await desk.enter(desk.outbox.wrong_code)
            told.append(getattr(refusal.value, "tries_left", 0))

        assert told == [2, 1, 0]
        with pytest.raises(CodeExpired):
            await desk.enter(desk.outbox.code)

    async def test_ends_when_another_one_is_sent(self, desk: Desk) -> None:
        await desk.send()
        first = desk.outbox.code
        desk.wait(seconds=60)
        await desk.send()
        if first != desk.outbox.code:
            with pytest.raises(CodeWrong):
                await desk.enter(first)

        assert await desk.enter(desk.outbox.code)

    async def test_is_for_nothing_else(self, desk: Desk) -> None:
        """Another number, purpose, caller or org: none of these even costs a try."""
        await desk.send()
        code, elsewhere = desk.outbox.code, await open_org(desk.adapters)
        others: list[dict[str, Any]] = [
            {"phone": OTHER},
            {"purpose": Purpose.CLAIM},
            {"caller": desk.make_caller(staff_id=UUID(int=9))},
            {"caller": desk.make_caller(CallerKind.CUSTOMER)},
            {"caller": desk.make_caller(org_id=elsewhere)},
        ]
        for other in others:
            with pytest.raises(CodeExpired):
                await desk.enter(code, **other)

        assert await desk.enter(code)

    async def test_is_not_in_the_database(self, desk: Desk) -> None:
        await desk.send()
        rows = await desk.list_rows("SELECT * FROM one_time_codes")
        jobs = await desk.list_rows("SELECT * FROM procrastinate_jobs")
        audit = await desk.list_rows("SELECT * FROM audit")

        assert len(rows) == 1
        assert desk.outbox.code not in str([bytes(row["digest"]).hex() + str(row["salt"]) for row in rows])
        assert jobs == []
        assert MOBILE[3:] not in str(audit)

    async def test_is_worthless_without_the_pepper(self, desk: Desk) -> None:
        await desk.send()
        codes = msgspec.structs.replace(desk.settings.codes, pepper="another pepper " * 4)
        desk.codes = desk.open_codes(msgspec.structs.replace(desk.settings, codes=codes))

        with pytest.raises(CodeWrong):
            await desk.enter(desk.outbox.code)

    async def test_may_be_the_same_for_all_in_development(self, desk: Desk) -> None:
        codes = msgspec.structs.replace(desk.settings.codes, fixed_code="000000")
        desk.codes = desk.open_codes(msgspec.structs.replace(desk.settings, codes=codes))
        await desk.send()

        assert await desk.enter("000000")


class TestAtOnce:
    async def test_of_fifty_right_entries_one_succeeds(self, desk: Desk) -> None:
        await desk.send()
        entries = [desk.enter(desk.outbox.code) for _ in range(50)]
        outcomes = await asyncio.gather(*entries, return_exceptions=True)

        assert sum(isinstance(outcome, Confirmed) for outcome in outcomes) == 1
        assert {type(outcome) for outcome in outcomes} == {Confirmed, CodeExpired}

    async def test_of_a_hundred_wrong_entries_three_are_looked_at(self, desk: Desk) -> None:
        await desk.send()
        entries = [desk.enter(desk.outbox.wrong_code) for _ in range(100)]
        outcomes = await asyncio.gather(*entries, return_exceptions=True)

        [row] = await desk.list_rows("SELECT failures, ended_at FROM one_time_codes")
        assert row["failures"] == TRIES
        assert sum(isinstance(outcome, CodeWrong) for outcome in outcomes) == TRIES - 1
        assert all(isinstance(outcome, REFUSED) for outcome in outcomes)
        with pytest.raises(CodeExpired):
            await desk.enter(desk.outbox.code)

    async def test_reading_first_and_writing_second_would_let_more_through(self, desk: Desk) -> None:
        """Why one statement decides: as many as read before the first one writes are all looked at."""
        await desk.send()
        readers = 5
        barrier = asyncio.Barrier(readers)
        looked_at = 0

        async def enter_naively() -> None:
            nonlocal looked_at
            async with desk.adapters.database.transaction(desk.org_id) as session:
                row = (await session.execute(text("SELECT id, failures FROM one_time_codes"))).one()
                await barrier.wait()
                if row.failures < TRIES:
                    looked_at += 1
                    await session.execute(
                        text("UPDATE one_time_codes SET failures = :failures WHERE id = :id"),
                        {"failures": row.failures + 1, "id": row.id},
                    )

        await asyncio.gather(*(enter_naively() for _ in range(readers)))

        [row] = await desk.list_rows("SELECT failures FROM one_time_codes")
        assert looked_at > TRIES
        assert row["failures"] < looked_at

    async def test_of_ten_requests_for_one_number_one_message_leaves(self, desk: Desk) -> None:
        """Of as many members of staff, so that nothing but the turns of the org holds them back."""
        await asyncio.gather(*(desk.list_rows("SELECT pg_sleep(0.05)") for _ in range(10)))
        staff = [desk.make_caller(staff_id=UUID(int=number)) for number in range(10)]
        requests = [desk.send(caller=caller) for caller in staff]
        outcomes = await asyncio.gather(*requests, return_exceptions=True)

        assert len(desk.outbox.messages) == 1
        assert sum(isinstance(outcome, TooManyCodes) for outcome in outcomes) == 9


class TestProof:
    async def test_is_good_once(self, desk: Desk) -> None:
        proof = await get_proof(desk)
        await take(desk, proof)

        with pytest.raises(ProofRefused):
            await take(desk, proof)

    async def test_is_taken_by_one_of_many(self, desk: Desk) -> None:
        proof = await get_proof(desk)
        outcomes = await asyncio.gather(*(take(desk, proof) for _ in range(20)), return_exceptions=True)

        assert sum(outcome is None for outcome in outcomes) == 1
        assert sum(isinstance(outcome, ProofRefused) for outcome in outcomes) == 19

    async def test_is_given_back_by_a_rollback(self, desk: Desk) -> None:
        proof = await get_proof(desk)
        with suppress(ZeroDivisionError):
            async with desk.adapters.database.transaction(desk.org_id) as session:
                await take_proof(
                    session,
                    proof,
                    org_id=desk.org_id,
                    purpose=Purpose.VERIFICATION,
                    phone=MOBILE,
                    at=desk.now,
                )
                raise ZeroDivisionError

        await take(desk, proof)

    async def test_is_good_for_ten_minutes(self, desk: Desk) -> None:
        proof = await get_proof(desk)
        desk.wait(seconds=PROOF_LIFETIME.total_seconds())

        with pytest.raises(ProofRefused):
            await take(desk, proof)

    async def test_is_for_nothing_else(self, desk: Desk) -> None:
        proof, elsewhere = await get_proof(desk), await open_org(desk.adapters)
        code_id, _, signature = proof.partition(".")
        for change in ({"phone": OTHER}, {"purpose": Purpose.LOGIN}, {"org_id": elsewhere}):
            with pytest.raises(ProofRefused):
                await take(desk, proof, **change)
        for forged in ("", "x", code_id, f"{code_id}.{signature[::-1]}", f"{proof}\n", proof.upper()):
            with pytest.raises(ProofRefused):
                await take(desk, forged)

        await take(desk, proof)

    async def test_is_not_in_the_database(self, desk: Desk) -> None:
        proof = await get_proof(desk)
        rows = await desk.list_rows("SELECT t::text FROM one_time_codes AS t")

        assert proof.partition(".")[2] not in str(rows)


async def get_proof(desk: Desk) -> str:
    await desk.send()
    return (await desk.enter(desk.outbox.code)).proof


class TestMessage:
    async def test_of_unknown_fate_counts_as_sent(self, desk: Desk) -> None:
        desk.outbox.outcomes = [SmsOutcome.UNKNOWN]
        await desk.send()
        with pytest.raises(TooManyCodes):
            await desk.send()

        assert len(desk.outbox.messages) == 1
        assert await desk.enter(desk.outbox.code)

    async def test_never_leaves_twice_in_a_minute_whatever_becomes_of_it(self, desk: Desk) -> None:
        """Three of ten answers are lost and one is a failure, and whoever asks does so every seven seconds."""
        fates = [SmsOutcome.UNKNOWN] * 3 + [SmsOutcome.UNAVAILABLE] + [SmsOutcome.SENT] * 6
        desk.outbox.outcomes = random.Random(7).sample(fates * 4, 40)
        left_at = []
        for _ in range(60):
            before = len(desk.outbox.messages)
            with suppress(TooManyCodes, CodeNotSent):
                await desk.send()
            left_at += [desk.now] * (len(desk.outbox.messages) - before)
            desk.wait(seconds=7)

        gaps = [later - earlier for earlier, later in pairwise(left_at)]
        assert len(left_at) >= 3
        assert min(gaps) >= timedelta(seconds=60)

    async def test_that_the_number_does_not_take_counts_too(self, desk: Desk) -> None:
        desk.outbox.outcomes = [SmsOutcome.REFUSED]
        with pytest.raises(PhoneNotReachable):
            await desk.send()
        with pytest.raises(TooManyCodes) as refusal:
            await desk.send()

        assert refusal.value.retry_after_s == 60


class TestWithoutRedis:
    async def test_codes_go_on_with_the_same_limits(self, desk: Desk) -> None:
        await desk.adapters.redis.close()
        await desk.send()
        with pytest.raises(TooManyCodes):
            await desk.send()
        with pytest.raises(CodeWrong):
            await desk.enter(desk.outbox.wrong_code)

        assert await desk.enter(desk.outbox.code)


class TestUpkeep:
    async def test_is_a_job_of_the_worker(self) -> None:
        assert upkeep is worker._codes
        assert upkeep.forget_one_time_codes.name in tasks.tasks

    async def test_forgets_what_no_limit_looks_at_any_more(self, desk: Desk) -> None:
        await desk.send()
        await desk.send(OTHER)
        desk.wait(seconds=KEEP.total_seconds())
        kept = await forget_old(desk.adapters.database, now=desk.now)
        desk.wait(seconds=1)
        gone = await forget_old(desk.adapters.database, now=desk.now)

        assert (kept, gone) == (0, 2)
        assert await desk.list_rows("SELECT id FROM one_time_codes") == []

    async def test_leaves_no_code_open_that_is_too_old(self, desk: Desk) -> None:
        await desk.send()
        caller = desk.make_caller()
        binding = Binding(org_id=desk.org_id, phone=MOBILE, purpose=Purpose.VERIFICATION, actor=caller.actor)
        async with desk.adapters.database.transaction(desk.org_id) as session:
            assert await find_open(session, binding, at=desk.now)
            assert await find_open(session, binding, at=desk.now + LIFETIME) is None
