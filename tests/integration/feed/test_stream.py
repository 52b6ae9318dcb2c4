"""From a change in Salesforce to what the next reader sees, through every shape of event and every end of a stream."""

import asyncio
from pathlib import Path

import pytest

from bff.engines.ports import choose_free_port
from sf_sync.feed.state import FeedMode
from tests.integration.feed.engine import Engine
from tests.integration.feed.rig import REVIEWER, TOPIC, Rig, open_rig, until


class TestChanges:
    @pytest.mark.asyncio
    async def test_are_shown_at_once(self, rig: Rig) -> None:
        [account] = rig.make_accounts(1)
        await rig.start_feed()
        await rig.fill(account)

        rig.change(account, "Home")

        await rig.until_shown(account, "Home", within_s=1)

    @pytest.mark.asyncio
    async def test_of_an_account_that_was_not_there_are_shown(self, rig: Rig) -> None:
        [account] = rig.make_accounts(1)
        await rig.start_feed()
        await rig.fill(account)

        with rig.org.transaction(user_id=rig.user_id, origin=REVIEWER) as transaction:
            transaction.delete("Account", account)
        await rig.until_shown(account, "gone", within_s=1)

        with rig.org.transaction(user_id=rig.user_id, origin=REVIEWER) as transaction:
            transaction.undelete("Account", account)
            transaction.update("Account", account, {"Internet_Eligibility__c": "Home"})
        await rig.until_shown(account, "Home", within_s=1)

    @pytest.mark.asyncio
    async def test_of_many_accounts_in_one_transaction_are_all_shown(self, rig: Rig) -> None:
        accounts = rig.make_accounts(250)
        process = await rig.start_feed()
        await rig.fill(*accounts[::25])

        with rig.org.transaction(user_id=rig.user_id, origin=REVIEWER) as transaction:
            for account in accounts:
                transaction.update("Account", account, {"Internet_Eligibility__c": "Home"})

        for account in accounts[::25]:
            await rig.until_shown(account, "Home", within_s=2)
        assert process.state.applied >= 250

    @pytest.mark.asyncio
    @pytest.mark.parametrize("switch", ["stream_duplicates", "stream_merge", "stream_gaps"])
    async def test_are_shown_in_every_shape_in_which_they_may_come(self, rig: Rig, switch: str) -> None:
        accounts = rig.make_accounts(3)
        await rig.start_feed()
        await rig.fill(*accounts)
        setattr(rig.emulator.faults, switch, True)

        with rig.org.transaction(user_id=rig.user_id, origin=REVIEWER) as transaction:
            for account in accounts:
                transaction.update("Account", account, {"Internet_Eligibility__c": "Home"})

        for account in accounts:
            await rig.until_shown(account, "Home", within_s=1)


class TestOddEvents:
    """Made events about changes whose own events were lost: nothing else can make the reader see them."""

    @pytest.mark.asyncio
    @pytest.mark.parametrize("change_type", ["GAP_CREATE", "GAP_UPDATE", "GAP_DELETE", "GAP_UNDELETE"])
    async def test_gap_forgets_the_records_it_names(self, rig: Rig, change_type: str) -> None:
        named, other = rig.make_accounts(2)
        await rig.start_feed()
        await rig.fill(named, other)
        rig.change_unheard(named, "Home")
        rig.change_unheard(other, "Home")

        await rig.act("gap", recordIds=[named], changeType=change_type)

        await rig.until_shown(named, "Home", within_s=1)
        assert await rig.read(other) is None

    @pytest.mark.asyncio
    async def test_merged_event_forgets_every_record_it_names(self, rig: Rig) -> None:
        accounts = rig.make_accounts(5)
        await rig.start_feed()
        await rig.fill(*accounts)
        for account in accounts:
            rig.change_unheard(account, "Home")

        await rig.act("merged", recordIds=accounts, fields=["Internet_Eligibility__c"])

        for account in accounts:
            await rig.until_shown(account, "Home", within_s=1)

    @pytest.mark.asyncio
    @pytest.mark.parametrize(
        ("action", "named"),
        [("overflow", False), ("wildcard", False), ("undecodable", True), ("unknown-schema", True)],
    )
    async def test_event_that_names_no_usable_record_forgets_all(
        self, rig: Rig, action: str, named: bool
    ) -> None:
        accounts = rig.make_accounts(3)
        await rig.start_feed()
        await rig.fill(*accounts)
        for account in accounts:
            rig.change_unheard(account, "Home")

        await rig.act(action, recordIds=accounts[:1] if named else [])

        for account in accounts:
            await rig.until_shown(account, "Home", within_s=3)

    @pytest.mark.asyncio
    @pytest.mark.parametrize("action", ["undecodable", "unknown-schema"])
    async def test_event_that_cannot_be_read_does_not_hold_up_the_rest(self, rig: Rig, action: str) -> None:
        accounts = rig.make_accounts(2)
        process = await rig.start_feed()
        await rig.act(action, recordIds=accounts[:1])
        rig.change(accounts[1], "Home")

        await rig.until_shown(accounts[1], "Home", within_s=5)
        await until(lambda: process.state.undecodable == 1)

        await rig.fill(accounts[0])
        rig.change(accounts[0], "Apartment")
        await rig.until_shown(accounts[0], "Apartment", within_s=1)
        assert process.state.mode == FeedMode.LIVE

    @pytest.mark.asyncio
    async def test_schema_change_in_mid_stream_is_followed(self, rig: Rig) -> None:
        [account] = rig.make_accounts(1)
        process = await rig.start_feed()
        await rig.fill(account)
        rig.change(account, "Home")
        await rig.until_shown(account, "Home")

        await rig.act("change-schema")
        rig.change(account, "Apartment")

        await rig.until_shown(account, "Apartment", within_s=1)
        assert process.state.undecodable == 0

    @pytest.mark.asyncio
    async def test_schema_that_cannot_be_had_for_a_while_costs_a_forgetting_and_no_event(
        self, rig: Rig
    ) -> None:
        [account] = rig.make_accounts(1)
        process = await rig.start_feed()
        await rig.fill(account)
        rig.emulator.faults.stream_schema_unavailable = True

        rig.change(account, "Home")

        await rig.until_shown(account, "Home", within_s=5)
        assert process.state.undecodable >= 1


class TestEndOfStream:
    @pytest.mark.asyncio
    @pytest.mark.parametrize("action", ["drop", "revoke"])
    async def test_costs_nothing_of_what_changed_meanwhile(self, rig: Rig, action: str) -> None:
        accounts = rig.make_accounts(20)
        process = await rig.start_feed()
        await rig.fill(*accounts)
        rig.emulator.faults.stream_unavailable = True
        await rig.act(action)
        await until(lambda: process.state.mode != FeedMode.LIVE)

        for account in accounts:
            rig.change(account, "Home")
        rig.emulator.faults.stream_unavailable = False

        for account in accounts:
            await rig.until_shown(account, "Home", within_s=3)
        await process.until_mode(FeedMode.LIVE)

    @pytest.mark.asyncio
    async def test_by_silence_is_noticed_by_the_watchdog(self, rig: Rig) -> None:
        [account] = rig.make_accounts(1)
        process = await rig.start_feed(watchdog_s=1.0, polling_after_s=60.0)
        await rig.fill(account)
        await rig.act("stall")

        rig.change(account, "Home")

        await rig.until_shown(account, "Home", within_s=4)
        await process.until_mode(FeedMode.LIVE)

    @pytest.mark.asyncio
    async def test_by_silence_ends_the_heartbeat(self, rig: Rig) -> None:
        process = await rig.start_feed(watchdog_s=0.8, polling_after_s=60.0)
        await until(rig.has_beat, what="a heartbeat")

        rig.emulator.faults.stream_stalled = True

        await rig.until_no_beat()
        assert process.state.problem == "silent"
        assert process.state.mode != FeedMode.LIVE

    @pytest.mark.asyncio
    async def test_by_a_revoked_token_is_mended_by_signing_in_anew(self, rig: Rig) -> None:
        [account] = rig.make_accounts(1)
        process = await rig.start_feed(polling_after_s=60.0)
        await rig.fill(account)
        await process.view.read_live(account)  # a token that never worked would not be renewed at once

        rig.emulator.sessions.revoke_all()
        await rig.act("revoke")
        rig.change(account, "Home")

        await rig.until_shown(account, "Home", within_s=3)
        await process.until_mode(FeedMode.LIVE)

    @pytest.mark.asyncio
    async def test_old_token_does_not_keep_a_new_schema_away(self, rig: Rig) -> None:
        [account] = rig.make_accounts(1)
        process = await rig.start_feed()
        await rig.fill(account)
        await process.view.read_live(account)
        rig.emulator.sessions.revoke_all()

        await rig.act("change-schema")
        rig.change(account, "Home")

        await rig.until_shown(account, "Home", within_s=2)
        assert process.state.undecodable == 0

    @pytest.mark.asyncio
    async def test_by_an_expired_position_forgets_all_and_goes_on(self, rig: Rig) -> None:
        lost, heard = rig.make_accounts(2)
        process = await rig.start_feed(polling_after_s=60.0)
        await rig.fill(lost, heard)
        rig.emulator.faults.stream_unavailable = True
        await rig.act("drop")
        await until(lambda: process.state.mode != FeedMode.LIVE)

        rig.change(lost, "Home")
        await rig.act("expire")
        rig.emulator.faults.stream_unavailable = False

        await rig.until_shown(lost, "Home", within_s=3)
        await process.until_mode(FeedMode.LIVE)
        await rig.fill(heard)
        rig.change(heard, "Home")
        await rig.until_shown(heard, "Home", within_s=1)

    @pytest.mark.asyncio
    async def test_by_a_refused_schema_never_costs_the_position(self, rig: Rig) -> None:
        """Both refusals are INVALID_ARGUMENT; only the one about the replay id means that the position is lost."""
        [account] = rig.make_accounts(1)
        process = await rig.start_feed()
        before = (await rig.get_position()).get(b"replay_id")

        await rig.act("unknown-schema", recordIds=[account])
        await until(lambda: process.state.undecodable == 1)

        after = (await rig.get_position())[b"replay_id"]
        assert after > (before or b"")
        assert process.state.mode == FeedMode.LIVE

    @pytest.mark.asyncio
    async def test_by_a_missing_topic_is_tried_again_slowly(self, rig: Rig) -> None:
        [account] = rig.make_accounts(1)
        process = await rig.start_feed(polling_after_s=60.0)
        await rig.fill(account)
        rig.emulator.faults.stream_missing_topics = (TOPIC,)
        await rig.act("drop")
        await until(lambda: process.state.problem == "topic.not.found")
        rig.change(account, "Home")

        rig.emulator.faults.stream_missing_topics = ()

        await rig.until_shown(account, "Home", within_s=3)

    @pytest.mark.asyncio
    async def test_by_the_delivery_limit_names_the_problem(self, rig: Rig) -> None:
        [account] = rig.make_accounts(1)
        process = await rig.start_feed(polling_after_s=60.0)
        rig.emulator.faults.stream_delivery_limit = 0

        rig.change(account, "Home")

        await until(lambda: process.state.problem == "subscription.limit.exceeded")
        rig.emulator.faults.stream_delivery_limit = None
        await process.until_mode(FeedMode.LIVE)


class TestPosition:
    @pytest.mark.asyncio
    async def test_moves_with_keepalives_of_an_idle_org(self, rig: Rig) -> None:
        process = await rig.start_feed()
        await until(lambda: process.state.last_response_at is not None)
        await until(rig.has_position, what="a first position")
        first = await rig.get_position()

        async def has_moved() -> bool:
            return (await rig.get_position())[b"saved_ms"] != first[b"saved_ms"]

        await until(has_moved, what="a later position")

    @pytest.mark.asyncio
    async def test_is_where_the_next_feed_goes_on(self, rig: Rig) -> None:
        accounts = rig.make_accounts(30)
        first = await rig.start_feed()
        await rig.fill(*accounts)
        rig.change(accounts[0], "Home")
        await rig.until_shown(accounts[0], "Home")
        await first.stop()

        for account in accounts[1:]:
            rig.change(account, "Home")
        second = await rig.start_feed()

        for account in accounts[1:]:
            await rig.until_shown(account, "Home", within_s=1)
        assert second.state.applied == 29

    @pytest.mark.asyncio
    async def test_keeps_the_heartbeat_off_until_a_backlog_is_worked_off(self, rig: Rig) -> None:
        """An entry whose event still waits in the backlog must not look watched."""
        accounts = rig.make_accounts(2)
        first = await rig.start_feed()
        rig.change(accounts[0], "Home")
        await rig.until_shown(accounts[0], "Home")
        await first.stop()
        await rig.until_no_beat()
        rig.change(accounts[1], "Home")
        await asyncio.sleep(0.3)  # the change grows old

        rig.emulator.faults.stream_stalled = True
        second = await rig.make_process(caught_up_lag_s=0.1, live_after_s=1.0, polling_after_s=60.0)
        second.start()
        await until(lambda: second.state.mode == FeedMode.RECONCILING)
        assert not await rig.has_beat()
        rig.emulator.faults.stream_stalled = False
        await until(lambda: second.state.applied == 1)
        assert not await rig.has_beat()

        await until(rig.has_beat, what="a heartbeat")


class TestTransport:
    @pytest.mark.asyncio
    async def test_waits_for_a_server_that_is_not_there(self, rig: Rig) -> None:
        process = await rig.make_process(pubsub_target="127.0.0.1:9", polling_after_s=60.0)
        process.start()

        await until(lambda: process.state.problem == "unavailable")
        assert process.state.mode == FeedMode.STALE

    @pytest.mark.asyncio
    async def test_says_that_salesforce_gives_no_token(self, rig: Rig) -> None:
        rig.emulator.faults.path_prefix = "/services/oauth2"
        rig.emulator.faults.unavailable = True
        process = await rig.make_process(polling_after_s=60.0)
        process.start()

        await until(lambda: process.state.problem == "no_token")
        rig.emulator.faults.reset()
        await process.until_mode(FeedMode.LIVE)

    @pytest.mark.asyncio
    async def test_is_encrypted_and_trusts_only_known_roots(self, engine: Engine, tmp_path: Path) -> None:
        async with open_rig(engine.url, pubsub_tls_port=choose_free_port()) as rig:
            certificate = rig.emulator.pubsub.certificate
            assert certificate is not None
            roots = tmp_path / "roots.pem"
            roots.write_bytes(certificate.certificate_pem)
            target = f"localhost:{rig.emulator.settings.pubsub_tls_port}"

            stranger = await rig.make_process(pubsub_target=target, pubsub_tls=True, polling_after_s=60.0)
            stranger.start()
            await until(lambda: stranger.state.problem == "unavailable")
            await stranger.stop()

            await rig.start_feed(pubsub_target=target, pubsub_tls=True, pubsub_ca_file=roots)
