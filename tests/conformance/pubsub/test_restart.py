"""The whole emulator, stopped and started again on its data: positions, schemas and events stay what they were."""

from pathlib import Path

import pytest

from sf_sync.emulator.app import Emulator, create_emulator
from sf_sync.emulator.events.event import Event
from sf_sync.emulator.events.log import ALL_CHANGES, PositionExpired
from sf_sync.emulator.settings import EmulatorSettings

pytestmark = pytest.mark.asyncio

USER_ID = "005Dp0000000002IAA"


def insert_account(emulator: Emulator, name: str) -> str:
    with emulator.org.transaction(user_id=USER_ID, origin="com/salesforce/api/rest/66.0") as transaction:
        return transaction.insert("Account", {"Name": name})


def read_all(emulator: Emulator) -> list[Event]:
    return list(emulator.pubsub.log.read_after(ALL_CHANGES, 0, 1_000))


class TestRestart:
    async def test_gives_every_event_again_byte_for_byte(self, tmp_path: Path) -> None:
        first = create_emulator(EmulatorSettings(data_dir=tmp_path, demo=True))
        insert_account(first, "Later")
        before = [event.frame for event in read_all(first)]
        await first.stop()

        second = create_emulator(EmulatorSettings(data_dir=tmp_path, demo=True))

        assert [event.frame for event in read_all(second)] == before

    async def test_takes_the_positions_of_before_and_goes_on_behind_them(self, tmp_path: Path) -> None:
        first = create_emulator(EmulatorSettings(data_dir=tmp_path))
        insert_account(first, "Before")
        last, tip = read_all(first)[-1].position, first.pubsub.log.get_tip()
        await first.stop()

        second = create_emulator(EmulatorSettings(data_dir=tmp_path))
        insert_account(second, "After")

        log = second.pubsub.log
        log.require_replayable(last)
        log.require_replayable(tip)
        (event,) = log.read_after(ALL_CHANGES, tip, 10)
        assert event.body["Name"] == "After"

    async def test_of_another_org_refuses_the_positions_of_this_one(self, tmp_path: Path) -> None:
        first = create_emulator(EmulatorSettings(data_dir=tmp_path / "a"))
        for number in range(5):
            insert_account(first, f"Customer {number}")
        tip = first.pubsub.log.get_tip()
        await first.stop()

        other = create_emulator(EmulatorSettings(data_dir=tmp_path / "b"))

        with pytest.raises(PositionExpired):
            other.pubsub.log.require_replayable(tip)
