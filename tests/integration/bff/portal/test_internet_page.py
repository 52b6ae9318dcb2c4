"""The internet page as a browser without scripts meets it."""

import re
from html import unescape
from typing import Any

import httpx
import pytest

from tests.integration.bff.portal.visitor import show, visiting
from tests.integration.bff.scene import SHIBUYA, UMEDA, Scene

pytestmark = pytest.mark.asyncio

PAGE = "/account/shop/internet"


async def read(client: httpx.AsyncClient) -> str:
    return show(await client.get(PAGE))


def find_form(html: str) -> str:
    found = re.search(r'action="(/account/shop/internet/request\?csrf=[^"]+)"', html)
    assert found
    return unescape(found[1])


async def submit(client: httpx.AsyncClient, **fields: Any) -> httpx.Response:
    page = await client.get(PAGE)
    return await client.post(find_form(page.text), data=fields)


class TestStatus:
    @pytest.mark.parametrize(
        ("name", "words"),
        [
            (
                "hana",
                [
                    "Availability at your address has not been checked yet",
                    "Request a review",
                    "Sakura Heights",
                ],
            ),
            ("noor", ["Add your address to check availability", "Save address and request a review"]),
            ("kenji", ["Review in progress", "Requested on"]),
            ("sara", ["Eligible for: Home", "Requested on", "Last checked on"]),
            (
                "omar",
                [
                    "Not available",
                    "Last checked on",
                    "No fibre reaches this building yet.",
                    "Contact support",
                ],
            ),
        ],
    )
    async def test_shows_each_customer_their_status_and_one_next_action(
        self, scene: Scene, name: str, words: list[str]
    ) -> None:
        async with visiting(scene, name) as client:
            shown = await read(client)

        assert [word for word in words if word not in shown] == []

    @pytest.mark.parametrize(
        ("name", "buttons"), [("hana", 1), ("noor", 1), ("kenji", 0), ("sara", 0), ("omar", 1)]
    )
    async def test_has_one_primary_button_at_most_in_sight(
        self, scene: Scene, name: str, buttons: int
    ) -> None:
        async with visiting(scene, name) as client:
            page = (await client.get(PAGE)).text
        in_sight = re.sub(r"<details.*?</details>", "", page.split("<main")[1], flags=re.DOTALL)

        assert len(re.findall(r'class="button(?: button--wide-on-phones)?"', in_sight)) == buttons

    async def test_shows_moments_in_the_customers_zone(self, scene: Scene) -> None:
        await scene.decide(
            "kenji", "Pending", Internet_Eligibility_Request_Date_Time__c="2025-12-19T06:15:36.000+0000"
        )

        async with visiting(scene, "kenji") as client:
            page = (await client.get(PAGE)).text

        assert '<time datetime="2025-12-19T06:15:36Z">19 December 2025, 15:15</time>' in page

    async def test_says_that_the_status_cannot_be_confirmed_and_keeps_looking(self, scene: Scene) -> None:
        scene.emulator.faults.change({"unavailable": True})

        async with visiting(scene, "sara") as client:
            answer = await client.get(PAGE)

        assert answer.status_code == 503
        assert int(answer.headers["Retry-After"]) > 0
        assert "The status cannot be confirmed right now" in show(answer)
        assert 'data-stream="/api/status/stream"' in answer.text
        assert "Eligible" not in show(answer)

    @pytest.mark.parametrize("query", ["sku=%C3%A9", "sk%C3%BC=1", "utm=%E6%97%A5", "sku=%ff"])
    async def test_takes_whatever_stands_behind_its_address(self, scene: Scene, query: str) -> None:
        async with visiting(scene, "sara") as client:
            answer = await client.get(f"{PAGE}?{query}")

        assert answer.status_code == 200

    async def test_what_a_reviewer_writes_is_text_and_never_markup(self, scene: Scene) -> None:
        await scene.decide("omar", "Ineligible", Internet_Eligibility_Notes__c="<script>alert(1)</script>")

        async with visiting(scene, "omar") as client:
            page = (await client.get(PAGE)).text

        assert "<script>alert" not in page
        assert "&lt;script&gt;alert(1)&lt;/script&gt;" in page

    async def test_needs_no_inline_script_or_style(self, scene: Scene) -> None:
        async with visiting(scene, "omar") as client:
            answer = await client.get(PAGE)

        assert re.findall(r"<script(?![^>]* src=)|<style| style=| on[a-z]+=", answer.text) == []
        assert "unsafe-inline" not in answer.headers["Content-Security-Policy"]


class TestLivePart:
    async def test_is_the_same_as_in_the_page_and_carries_the_version(self, scene: Scene) -> None:
        async with visiting(scene, "sara") as client:
            page, part = await client.get(PAGE), await client.get(f"{PAGE}/status")

        assert part.text.strip() in page.text
        assert f'data-version="{part.headers["X-Facts-Version"]}"' in page.text

    async def test_has_another_version_after_a_decision(self, scene: Scene) -> None:
        async with visiting(scene, "kenji") as client:
            before = await client.get(f"{PAGE}/status")
            await scene.decide("kenji", "Eligible", Internet_Eligibility__c="Home")
            after = await client.get(f"{PAGE}/status")

        assert before.headers["X-Facts-Version"] != after.headers["X-Facts-Version"]
        assert "Eligible for: Home" in after.text


class TestForm:
    async def test_asks_for_a_review_and_leads_back_to_the_page(self, scene: Scene) -> None:
        async with visiting(scene, "hana") as client:
            answer = await submit(
                client, street="1-2-3 Jingumae", city="Tokyo", notes="Blue door\r\nat the back"
            )
            shown = await read(client)

        [case] = scene.list_cases("hana")
        assert (answer.status_code, answer.headers["Location"]) == (303, PAGE)
        assert "Review in progress" in shown
        assert case["Portal_Notes__c"] == "Blue door\nat the back"

    async def test_takes_the_address_on_file_when_the_fields_still_say_it(self, scene: Scene) -> None:
        on_file = {
            "building": "Sakura Heights", "apartment": "302", "street": "1-2-3 Jingumae", "area": "Shibuya",
            "city": "Tokyo", "postalCode": "150-0001", "type": "home",
        }  # fmt: skip
        async with visiting(scene, "hana") as client:
            await submit(client, **on_file)

        [case] = scene.list_cases("hana")
        assert case["Portal_Service_Address__c"].startswith("302, Sakura Heights\n")

    async def test_saves_the_first_address(self, scene: Scene) -> None:
        async with visiting(scene, "noor") as client:
            answer = await submit(client, **UMEDA, type="work")

        [row] = await scene.list_rows("SELECT type, street FROM addresses WHERE type = 'work'")
        assert (answer.status_code, row["street"]) == (303, UMEDA["street"])

    async def test_tells_each_mistake_beside_its_field_and_keeps_what_was_entered(self, scene: Scene) -> None:
        async with visiting(scene, "noor") as client:
            answer = await submit(client, street="", city="x" * 101, building="Sky <Tower>", notes="note")

        assert answer.status_code == 422
        shown = show(answer)
        assert "Street and number: Please enter the street and number" in shown
        assert "City: Use at most 100 characters" in shown
        assert 'value="Sky &lt;Tower&gt;"' in answer.text
        assert ">note</textarea>" in answer.text
        for field in ("street", "city"):
            assert re.search(
                f'name="{field}"[^>]*aria-invalid="true" aria-describedby="field-{field}-error"', answer.text
            )
        assert await scene.list_rows("SELECT id FROM eligibility_requests") == []

    async def test_says_why_it_was_refused_and_stays_open(self, scene: Scene) -> None:
        async with visiting(scene, "omar") as client:
            answer = await submit(
                client, street="2-8-1 Minatomirai", city="Yokohama", area="Nishi", building="Harbour View",
                apartment="7B", postalCode="220-0012",
            )  # fmt: skip

        assert answer.status_code == 409
        assert "This address was reviewed already." in show(answer)
        assert '<details class="fold" id="request-fold" open>' in answer.text

    async def test_asks_about_a_different_address_after_a_refused_one(self, scene: Scene) -> None:
        async with visiting(scene, "omar") as client:
            answer = await submit(client, **SHIBUYA)

        assert answer.status_code == 303
        assert scene.find_account("omar")["Internet_Eligibility_Status__c"] == "Pending"

    async def test_passes_the_product_on_to_the_case(self, scene: Scene) -> None:
        async with visiting(scene, "hana") as client:
            page = await client.get(PAGE, params={"sku": "INTERNET-HOME-1G"})
            assert '<input type="hidden" name="sku" value="INTERNET-HOME-1G">' in page.text
            await submit(client, **SHIBUYA, sku="INTERNET-HOME-1G")

        [case] = scene.list_cases("hana")
        assert case["Portal_Product_Sku__c"] == "INTERNET-HOME-1G"


class TestHostileForm:
    async def test_without_the_token_nothing_is_written(self, scene: Scene) -> None:
        async with visiting(scene, "hana") as client:
            answers = [
                await client.post(f"{PAGE}/request", data=SHIBUYA),
                await client.post(f"{PAGE}/request?csrf=forged", data=SHIBUYA),
            ]

        assert [answer.status_code for answer in answers] == [403, 403]
        assert scene.list_cases("hana") == []

    async def test_from_another_site_nothing_is_written(self, scene: Scene) -> None:
        async with visiting(scene, "hana") as client:
            form = find_form((await client.get(PAGE)).text)
            answer = await client.post(form, data=SHIBUYA, headers={"Origin": "https://elsewhere.example"})

        assert answer.status_code == 403
        assert scene.list_cases("hana") == []

    @pytest.mark.parametrize(
        ("content", "status"),
        [
            (b"street=%00&city=Tokyo", 400),
            (b"street=%ff%fe&city=Tokyo", (303, 422, 400)),
            (b"&".join(b"a%d=1" % number for number in range(500)), 400),
            (b"street=" + b"x" * 40_000, 413),
            (b"\xff\xfe", 400),
            (b"type=castle&street=a&city=b", 422),
            (b"street=a&city=b&sku=no%20spaces", 400),
        ],
    )
    async def test_what_no_browser_sends_is_refused(self, scene: Scene, content: bytes, status: Any) -> None:
        form_type = {"Content-Type": "application/x-www-form-urlencoded"}
        async with visiting(scene, "hana") as client:
            form = find_form((await client.get(PAGE)).text)
            answer = await client.post(form, content=content, headers=form_type)

        assert answer.status_code in (status if isinstance(status, tuple) else (status,))

    async def test_a_body_of_another_type_is_refused(self, scene: Scene) -> None:
        async with visiting(scene, "hana") as client:
            form = find_form((await client.get(PAGE)).text)
            answer = await client.post(form, json=SHIBUYA)

        assert answer.status_code == 415
