import asyncio
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from uuid import uuid4

import pytest
from sqlalchemy.exc import NoResultFound

from bff.adapters import Adapters
from bff.deliveries import Deliveries, Delivery, Refused, Retry, Unknown
from sf_sync.errors import SalesforceUnavailable
from tests.integration.bff.deliveries.ledger import ACCOUNT, KIND, Ledger, Outbox

pytestmark = pytest.mark.asyncio

OTHER_ACCOUNT = "001000000000002AAA"


class TestPromise:
    async def test_has_a_job_that_commits_with_it(self, outbox: Outbox) -> None:
        op_id = await outbox.promise()

        assert (await outbox.read(op_id)).state == "waiting"
        assert await outbox.count_jobs(op_id) == 1

    async def test_vanishes_with_the_transaction_that_made_it(self, outbox: Outbox) -> None:
        op_id = uuid4()
        with suppress(ZeroDivisionError):
            async with outbox.database.transaction(outbox.org_id) as session:
                await outbox.deliveries.enqueue(
                    session, kind=KIND, org_id=outbox.org_id, account_id=ACCOUNT, payload={}, op_id=op_id
                )
                raise ZeroDivisionError

        assert await outbox.count_jobs(op_id) == 0
        with pytest.raises(NoResultFound):
            await outbox.deliveries.run_job(outbox.org_id, op_id)


class TestAttempt:
    async def test_delivers_and_settles_once(self, outbox: Outbox, ledger: Ledger) -> None:
        op_id = await outbox.promise()

        assert await outbox.attempt(op_id) == "delivered"
        assert await outbox.attempt(op_id) == "delivered"

        row = await outbox.read(op_id)
        assert (row.state, row.attempts, row.salesforce_id, row.claim) == ("delivered", 1, "entry-1", None)
        assert ledger.entries == [op_id]
        assert await outbox.count_settlements(op_id) == 1

    async def test_is_not_repeated_after_a_refusal_for_good(self, outbox: Outbox, ledger: Ledger) -> None:
        ledger.answer = lambda _: Refused("The picture is too large.")
        op_id = await outbox.promise()

        assert await outbox.attempt(op_id) == "refused"
        assert await outbox.attempt(op_id) == "refused"
        assert (await outbox.read(op_id)).reason == "The picture is too large."
        assert len(ledger.sent) == 1

    async def test_is_put_off_when_salesforce_is_away(self, outbox: Outbox, ledger: Ledger) -> None:
        ledger.answer = lambda _: Retry("Salesforce is away.")
        op_id = await outbox.promise()

        assert await outbox.attempt(op_id) == "waiting"
        row = await outbox.read(op_id)
        assert (row.unknown, row.reason, row.claim) == (False, "Salesforce is away.", None)

        ledger.answer = lambda _: None
        assert await outbox.attempt(op_id) == "delivered"
        assert ledger.searched == []

    async def test_looks_first_when_an_answer_was_lost(self, outbox: Outbox, ledger: Ledger) -> None:
        def lose_answer(delivery: Delivery) -> Unknown:
            ledger.entries.append(delivery.id)
            return Unknown("No answer came.")

        ledger.answer = lose_answer
        op_id = await outbox.promise()
        assert await outbox.attempt(op_id) == "waiting"
        assert (await outbox.read(op_id)).unknown

        assert await outbox.attempt(op_id) == "delivered"
        assert (ledger.entries, ledger.searched, ledger.sent) == ([op_id], [op_id], [op_id])
        assert (await outbox.read(op_id)).salesforce_id == "found"

    async def test_sends_again_when_nothing_is_found(self, outbox: Outbox, ledger: Ledger) -> None:
        ledger.answer = lambda _: Unknown("No answer came.")
        op_id = await outbox.promise()
        await outbox.attempt(op_id)
        ledger.answer = lambda _: None

        assert await outbox.attempt(op_id) == "delivered"
        assert (ledger.entries, ledger.searched) == ([op_id], [op_id])

    @pytest.mark.parametrize("failure", [ZeroDivisionError("canary"), SalesforceUnavailable("away")])
    async def test_counts_a_try_that_broke_as_unknown(
        self, outbox: Outbox, ledger: Ledger, failure: Exception
    ) -> None:
        def fail(_: Delivery) -> None:
            raise failure

        ledger.answer = fail
        op_id = await outbox.promise()

        assert await outbox.attempt(op_id) == "waiting"
        row = await outbox.read(op_id)
        assert row.unknown
        assert "canary" not in str(row.reason)

    async def test_answers_within_its_budget_and_goes_on_behind(self, outbox: Outbox, ledger: Ledger) -> None:
        ledger.gate.clear()
        op_id = await outbox.promise()

        assert await outbox.attempt(op_id, budget_s=0.2) == "waiting"
        ledger.gate.set()
        await outbox.deliveries.drain()

        assert (await outbox.read(op_id)).state == "delivered"
        assert ledger.entries == [op_id]

    async def test_is_shared_by_all_who_ask_here(self, outbox: Outbox, ledger: Ledger) -> None:
        op_id = await outbox.promise()

        states = await asyncio.gather(*(outbox.attempt(op_id) for _ in range(20)))

        assert set(states) == {"delivered"}
        assert ledger.sent == [op_id]


class TestParking:
    async def test_is_visible_and_not_the_end(
        self, portal_adapters: Adapters, outbox: Outbox, ledger: Ledger
    ) -> None:
        later = Deliveries(portal_adapters, now=lambda: datetime.now(UTC) + timedelta(minutes=16))
        ledger.answer = lambda _: Retry("Salesforce is away.")
        op_id = await outbox.promise()

        assert await later.attempt(outbox.org_id, op_id, budget_s=5) == "parked"
        assert (await outbox.read(op_id)).reason == "Salesforce is away."
        ledger.answer = lambda _: None
        assert await outbox.attempt(op_id) == "delivered"

    async def test_lets_the_accounts_next_one_pass(
        self, portal_adapters: Adapters, outbox: Outbox, ledger: Ledger
    ) -> None:
        later = Deliveries(portal_adapters, now=lambda: datetime.now(UTC) + timedelta(minutes=16))
        first, second = await outbox.promise(), await outbox.promise()
        ledger.answer = lambda _: Retry("Salesforce is away.")
        await later.attempt(outbox.org_id, first, budget_s=5)
        ledger.answer = lambda _: None

        assert await outbox.attempt(second) == "delivered"


class TestClaims:
    async def test_of_many_processes_leave_one_try(
        self, portal_adapters: Adapters, outbox: Outbox, ledger: Ledger
    ) -> None:
        """Each `Deliveries` stands for a process: they share nothing but the database."""
        op_id = await outbox.promise()
        processes = [Deliveries(portal_adapters) for _ in range(15)]

        await asyncio.gather(*(process.attempt(outbox.org_id, op_id, budget_s=5) for process in processes))

        assert ledger.sent == [op_id]
        assert (await outbox.read(op_id)).attempts == 1

    async def test_keep_one_account_in_order_and_one_at_a_time(
        self, portal_adapters: Adapters, outbox: Outbox, ledger: Ledger
    ) -> None:
        promised = [await outbox.promise() for _ in range(8)]
        processes = [Deliveries(portal_adapters) for _ in range(3)]
        while await asyncio.gather(*(outbox.attempt(op_id) for op_id in promised[-1:])) != ["delivered"]:
            await asyncio.gather(
                *(
                    process.attempt(outbox.org_id, op_id, budget_s=5)
                    for process in processes
                    for op_id in promised
                )
            )

        assert ledger.entries == promised
        assert ledger.most_in_flight == 1

    async def test_do_not_hold_up_other_accounts(self, outbox: Outbox, ledger: Ledger) -> None:
        ledger.gate.clear()
        held = await outbox.promise()
        assert await outbox.attempt(held, budget_s=0.2) == "waiting"
        ledger.gate.set()

        assert await outbox.attempt(await outbox.promise(OTHER_ACCOUNT)) == "delivered"
        await outbox.deliveries.drain()

    async def test_that_a_dead_process_left_are_taken_over_after_a_look(
        self, outbox: Outbox, ledger: Ledger
    ) -> None:
        op_id = await outbox.promise()
        ledger.entries.append(op_id)
        await outbox.run(
            "UPDATE deliveries SET claim = gen_random_uuid(), unknown = true,"
            " claimed_until = clock_timestamp() + interval '1 minute' WHERE id = :id",
            id=op_id,
        )

        assert await outbox.attempt(op_id) == "waiting"
        await outbox.run("UPDATE deliveries SET claimed_until = clock_timestamp() WHERE id = :id", id=op_id)
        assert await outbox.attempt(op_id) == "delivered"
        assert (ledger.sent, ledger.entries) == ([], [op_id])

    async def test_that_were_lost_settle_nothing(self, outbox: Outbox, ledger: Ledger) -> None:
        """A process that slept through its lease comes back with an outcome that somebody else has written already."""
        ledger.gate.clear()
        op_id = await outbox.promise()
        await outbox.attempt(op_id, budget_s=0.2)
        await outbox.run("UPDATE deliveries SET claim = gen_random_uuid() WHERE id = :id", id=op_id)
        ledger.gate.set()
        await outbox.deliveries.drain()

        assert (await outbox.read(op_id)).state == "waiting"
        assert await outbox.count_settlements(op_id) == 0


class TestSweep:
    async def test_finds_what_lost_its_job(self, outbox: Outbox) -> None:
        op_id = await outbox.promise()
        await outbox.run("DELETE FROM procrastinate_jobs")
        await outbox.run("UPDATE deliveries SET next_attempt_at = now() - interval '1 minute'")

        assert await outbox.deliveries.sweep() == 1
        assert await outbox.deliveries.sweep() == 0
        assert await outbox.count_jobs(op_id) == 1

    async def test_leaves_alone_what_is_not_late_or_in_somebodys_hands(self, outbox: Outbox) -> None:
        await outbox.promise()
        await outbox.run("DELETE FROM procrastinate_jobs")
        assert await outbox.deliveries.sweep() == 0

        await outbox.run(
            "UPDATE deliveries SET next_attempt_at = now() - interval '1 minute',"
            " claimed_until = now() + interval '1 minute', claim = gen_random_uuid()"
        )
        assert await outbox.deliveries.sweep() == 0
