"""The page of the fault switches over HTTP."""

import httpx
import msgspec
import pytest

from sf_sync.emulator.app import Emulator
from sf_sync.emulator.console.panel import EVENT_ACTIONS, STREAM_ACTIONS
from sf_sync.emulator.console.switches import LABELS, list_switches, parse_switches
from sf_sync.emulator.faults import Faults

pytestmark = pytest.mark.asyncio

EMPTY_FORM = {"content-type": "application/x-www-form-urlencoded"}


def fill_form(emulator: Emulator, **changes: str) -> dict[str, str]:
    """What a browser sends from the page as it stands, with some fields changed."""
    shown = [switch for group in list_switches(emulator.faults).values() for switch in group]
    form = {each.name: each.value for each in shown if each.kind != "switch" or each.value}
    return form | changes


class TestSwitches:
    async def test_show_that_nothing_is_on(self, browser: httpx.AsyncClient) -> None:
        assert "Nothing is switched on." in (await browser.get("/console/faults")).text

    async def test_are_set_from_the_form(self, browser: httpx.AsyncClient, emulator: Emulator) -> None:
        form = fill_form(
            emulator, unavailable="on", latency_s="0.25", stream_missing_topics="/data/A /data/B"
        )

        answer = await browser.post("/console/faults", data=form, follow_redirects=True)

        assert emulator.faults.unavailable
        assert emulator.faults.latency_s == 0.25
        assert emulator.faults.stream_missing_topics == ("/data/A", "/data/B")
        assert "The switches are set." in answer.text
        assert "3 on:" in answer.text

    async def test_are_off_when_the_box_is_not_ticked(
        self, browser: httpx.AsyncClient, emulator: Emulator
    ) -> None:
        emulator.faults.unavailable = True
        form = fill_form(emulator)
        del form["unavailable"]

        await browser.post("/console/faults", data=form)

        assert not emulator.faults.unavailable

    async def test_are_put_back_together(self, browser: httpx.AsyncClient, emulator: Emulator) -> None:
        emulator.faults.stream_stalled = True
        emulator.faults.times = 3

        await browser.post("/console/faults/reset", headers=EMPTY_FORM)

        assert emulator.faults == Faults()

    async def test_stay_as_they_are_when_a_number_is_none(
        self, browser: httpx.AsyncClient, emulator: Emulator
    ) -> None:
        form = fill_form(emulator, unavailable="on", latency_s="fast")

        answer = await browser.post("/console/faults", data=form)

        assert answer.status_code == 422
        assert "Latency: this must be a number." in answer.text
        assert not emulator.faults.unavailable

    async def test_are_all_on_the_page(self, browser: httpx.AsyncClient) -> None:
        page = (await browser.get("/console/faults")).text

        assert set(LABELS) == {field.name for field in msgspec.structs.fields(Faults)}
        assert all(f'name="{name}"' in page for name in LABELS)

    async def test_come_back_from_their_form_as_they_were(self, emulator: Emulator) -> None:
        emulator.faults.change({"times": 4, "seed": 7, "stream_delivery_limit": 0, "method": "GET"})
        emulator.faults.change({"lock_rows": True, "stream_missing_topics": ["/data/A"]})

        assert parse_switches(fill_form(emulator)) == msgspec.structs.asdict(emulator.faults)


class TestStreamActions:
    async def test_are_all_on_the_page(self, browser: httpx.AsyncClient, emulator: Emulator) -> None:
        page = (await browser.get("/console/faults")).text

        actions = emulator.pubsub.control.actions
        assert {action.name for action in (*STREAM_ACTIONS, *EVENT_ACTIONS)} == set(actions)
        assert all(f'formaction="/console/stream/{name}"' in page for name in actions)

    async def test_act_on_the_object_and_records_of_the_form(
        self, browser: httpx.AsyncClient, emulator: Emulator
    ) -> None:
        form = {"entity": "Case", "record": "500Dp0000000001IAA 500Dp0000000002IAA"}

        answer = await browser.post("/console/stream/gap", data=form)

        (event,) = emulator.pubsub.log.read_latest("/data/CaseChangeEvent", 1)
        assert answer.status_code == 303
        assert event.header["recordIds"] == form["record"].split()

    async def test_are_refused_when_unknown(self, browser: httpx.AsyncClient) -> None:
        explode = await browser.post("/console/stream/explode", headers=EMPTY_FORM)
        gap = await browser.post("/console/stream/gap", data={"entity": "User"})

        assert (explode.status_code, gap.status_code) == (404, 404)
