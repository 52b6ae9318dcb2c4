"""The SIM page as a browser without scripts meets it."""

import re

import pytest

from tests.integration.bff.portal.sim import PAGE, judge, read
from tests.integration.bff.portal.visitor import show, visiting
from tests.integration.bff.scene import Scene

pytestmark = pytest.mark.asyncio


class TestStatus:
    @pytest.mark.parametrize(
        ("name", "words"),
        [
            ("hana", ["Upload your ID to order a SIM", "Make sure all corners", "Send for review"]),
            ("kenji", ["Submitted", "Sent on", "Replace file"]),
            ("sara", ["Verified", "Verified on"]),
            (
                "omar",
                [
                    "ID verification rejected",
                    "Message from the reviewer",
                    "What to do next",
                    "Make sure all corners of the card are visible.",
                    "Make sure the text is readable",
                    "Make sure the document is not expired.",
                    "After you resubmit, review will restart.",
                    "Resubmit",
                ],
            ),
        ],
    )
    async def test_shows_each_customer_their_status_and_what_to_do(
        self, scene: Scene, name: str, words: list[str]
    ) -> None:
        async with visiting(scene, name) as client:
            shown = await read(client)

        assert [word for word in words if word not in shown] == []

    @pytest.mark.parametrize(("name", "buttons"), [("hana", 1), ("kenji", 0), ("sara", 0), ("omar", 1)])
    async def test_has_one_primary_button_at_most_in_sight(
        self, scene: Scene, name: str, buttons: int
    ) -> None:
        async with visiting(scene, name) as client:
            page = (await client.get(PAGE)).text
        in_sight = re.sub(
            r"<details.*?</details>|<div class=\"chosen\".*?data-error-place", "", page, flags=re.DOTALL
        )

        assert len(re.findall(r'class="button(?: button--wide-on-phones)?"', in_sight)) == buttons

    async def test_verified_takes_no_document(self, scene: Scene) -> None:
        async with visiting(scene, "sara") as client:
            page = (await client.get(PAGE)).text

        assert 'type="file"' not in page
        assert "/document" not in page.split("<main")[1]

    async def test_shows_the_reviewers_words_as_text(self, scene: Scene) -> None:
        await judge(scene, "omar", "Rejected", Id_Verification_Rejection_Message__c="<b>Expired</b>\nin May")

        async with visiting(scene, "omar") as client:
            page = (await client.get(PAGE)).text

        assert "<blockquote>&lt;b&gt;Expired&lt;/b&gt;\nin May</blockquote>" in page

    async def test_an_unknown_status_leads_to_support(self, scene: Scene) -> None:
        scene.emulator.faults.change({"unknown_picklist": True})

        async with visiting(scene, "sara") as client:
            answer = await client.get(PAGE)

        assert "The status cannot be confirmed right now" in show(answer)
        assert 'href="#support"' in answer.text
        assert 'type="file"' not in answer.text

    async def test_says_that_the_status_cannot_be_confirmed_and_keeps_looking(self, scene: Scene) -> None:
        scene.emulator.faults.change({"unavailable": True})

        async with visiting(scene, "sara") as client:
            answer = await client.get(PAGE)

        assert answer.status_code == 503
        assert int(answer.headers["Retry-After"]) > 0
        assert "The status cannot be confirmed right now" in show(answer)
        assert 'data-stream="/api/status/stream"' in answer.text

    async def test_leads_to_the_internet_page_and_back(self, scene: Scene) -> None:
        async with visiting(scene, "sara") as client:
            sim, internet = await client.get(PAGE), await client.get("/account/shop/internet")

        assert '<a href="/account/shop/sim" aria-current="page">SIM</a>' in sim.text
        assert '<a href="/account/shop/internet">Internet</a>' in sim.text
        assert '<a href="/account/shop/sim">SIM</a>' in internet.text

    @pytest.mark.parametrize("name", ["hana", "kenji", "omar"])
    async def test_needs_no_inline_script_or_style(self, scene: Scene, name: str) -> None:
        async with visiting(scene, name) as client:
            answer = await client.get(PAGE)

        assert re.findall(r"<script(?![^>]* src=)|<style| style=| on[a-z]+=", answer.text) == []


class TestLivePart:
    @pytest.mark.parametrize("name", ["hana", "kenji", "sara", "omar"])
    async def test_is_the_same_as_in_the_page_and_carries_the_version(self, scene: Scene, name: str) -> None:
        async with visiting(scene, name) as client:
            page, part = await client.get(PAGE), await client.get(f"{PAGE}/status")

        assert part.text.strip() in page.text
        assert f'data-version="{part.headers["X-Facts-Version"]}"' in page.text

    async def test_has_another_version_after_a_verdict(self, scene: Scene) -> None:
        async with visiting(scene, "kenji") as client:
            before = await client.get(f"{PAGE}/status")
            await judge(scene, "kenji", "Verified")
            after = await client.get(f"{PAGE}/status")

        assert before.headers["X-Facts-Version"] != after.headers["X-Facts-Version"]
        assert "Verified" in after.text

    async def test_keeps_its_version_when_the_other_fact_changes(self, scene: Scene) -> None:
        async with visiting(scene, "kenji") as client:
            before = await client.get(f"{PAGE}/status")
            await scene.decide("kenji", "Eligible", Internet_Eligibility__c="Home")
            after = await client.get(f"{PAGE}/status")

        assert before.headers["X-Facts-Version"] == after.headers["X-Facts-Version"]
