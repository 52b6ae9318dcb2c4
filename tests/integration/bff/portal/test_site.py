"""Signing in and out by page, error pages, and the files that pages are made of."""

import re

import httpx
import pytest

from tests.fixtures.portal import ORIGIN
from tests.integration.bff.scene import Scene, make_email

pytestmark = pytest.mark.asyncio

HTML = {"Accept": "text/html,application/xhtml+xml", "Origin": ORIGIN}
PAGE = "/account/shop/internet"


async def sign_in(client: httpx.AsyncClient, **form: str) -> httpx.Response:
    return await client.post("/sign-in", data={"email": make_email("hana"), **form}, headers=HTML)


class TestSignIn:
    async def test_offers_the_demo_people_in_development(self, scene: Scene) -> None:
        async with scene.portal.connect(HTML) as client:
            page = await client.get("/sign-in")

        assert page.status_code == 200
        assert re.findall(r'name="email" value="(\w+)@', page.text) == [
            "hana",
            "kenji",
            "sara",
            "omar",
            "noor",
        ]

    async def test_leads_to_the_page_that_was_asked_for(self, scene: Scene) -> None:
        async with scene.portal.connect(HTML) as client:
            sent_away = await client.get(f"{PAGE}/status")
            page = await client.get(sent_away.headers["Location"])
            answer = await sign_in(client, next=re.search(r'name="next" value="([^"]*)"', page.text)[1])  # type: ignore[index]

        assert sent_away.status_code == 303
        assert (answer.status_code, answer.headers["Location"]) == (303, f"{PAGE}/status")
        assert answer.headers["Set-Cookie"].startswith("__Host-session=")

    @pytest.mark.parametrize(
        "place", ["https://elsewhere.example", "//elsewhere.example", "/\\elsewhere.example", "", "x\r\ny"]
    )
    async def test_never_leads_elsewhere(self, scene: Scene, place: str) -> None:
        async with scene.portal.connect() as client:
            answer = await sign_in(client, next=place)

        assert answer.headers["Location"] == "/account"

    async def test_nobody_is_signed_in_from_another_site(self, scene: Scene) -> None:
        async with scene.portal.connect() as client:
            answer = await client.post(
                "/sign-in",
                data={"email": make_email("hana")},
                headers={**HTML, "Origin": "https://elsewhere.example"},
            )

        assert answer.status_code == 403
        assert "Set-Cookie" not in answer.headers

    async def test_a_stranger_is_told_so(self, scene: Scene) -> None:
        async with scene.portal.connect() as client:
            answer = await sign_in(client, email="nobody@customer.example")

        assert answer.status_code == 401
        assert "Nobody with this e-mail may sign in here." in answer.text


class TestSignOut:
    async def test_ends_the_session(self, scene: Scene) -> None:
        async with scene.portal.signed_in(make_email("hana")) as client:
            page = await client.get(PAGE, headers=HTML)
            action = re.search(r'action="(/sign-out\?csrf=[^"]+)"', page.text)[1]  # type: ignore[index]
            answer = await client.post(action, data={}, headers=HTML)
            after = await client.get("/api/eligibility/internet")

        assert (answer.status_code, answer.headers["Location"]) == (303, "/sign-in")
        assert "Max-Age=0" in answer.headers["Set-Cookie"]
        assert after.status_code == 401


class TestWithoutScripts:
    @pytest.mark.parametrize("page", ["/account", PAGE, "/account/shop/sim", "/checkout"])
    async def test_a_page_that_follows_the_status_says_how_to_see_news(self, scene: Scene, page: str) -> None:
        async with scene.portal.signed_in(make_email("kenji")) as client:
            told = (await client.get(page, headers=HTML)).text

        [hint] = re.findall(r"<noscript>(.*?)</noscript>", told, flags=re.DOTALL)
        assert "data-live" in told
        assert "Load this page again to see what has changed." in hint


class TestErrorPages:
    async def test_a_browser_gets_a_page(self, scene: Scene) -> None:
        async with scene.portal.connect(HTML) as client:
            answer = await client.get("/nowhere")

        assert answer.status_code == 404
        assert answer.headers["Content-Type"].startswith("text/html")
        assert "This page does not exist" in answer.text
        assert answer.headers["X-Request-Id"] in answer.text

    async def test_a_program_gets_a_problem(self, scene: Scene) -> None:
        async with scene.portal.connect({"Accept": "application/json"}) as client:
            answer = await client.get("/nowhere")

        assert answer.json()["code"] == "not_found"

    async def test_the_api_answers_problems_to_browsers_too(self, scene: Scene) -> None:
        async with scene.portal.connect(HTML) as client:
            answer = await client.get("/api/eligibility/internet")

        assert (answer.status_code, answer.json()["code"]) == (401, "unauthenticated")

    async def test_staff_find_no_customer_page(self, scene: Scene) -> None:
        async with scene.portal.signed_in("support@staff.example") as client:
            answer = await client.get(PAGE, headers=HTML)

        assert answer.status_code == 403
        assert answer.headers["Content-Type"].startswith("text/html")

    async def test_a_browser_whose_session_is_gone_is_led_to_sign_in(self, scene: Scene) -> None:
        async with scene.portal.signed_in(make_email("hana")) as client:
            await scene.portal.adapters.redis.call("FLUSHALL")
            answer = await client.get("/account", headers=HTML)

        assert (answer.status_code, answer.headers["Location"]) == (303, "/sign-in")


class TestAssets:
    async def test_every_file_of_a_page_is_ours_and_kept_for_ever(self, scene: Scene) -> None:
        async with scene.portal.signed_in(make_email("hana")) as client:
            page = await client.get(PAGE, headers=HTML)
            places = re.findall(r'(?:href|src)="(/static/[^"]+)"', page.text)
            answers = [await client.get(place) for place in places]

        assert len(places) == 5
        assert not re.findall(r'(?:href|src)="(?:https?:)?//', page.text)
        for answer in answers:
            assert answer.status_code == 200
            assert answer.headers["Cache-Control"] == "public, max-age=31536000, immutable"

    @pytest.mark.parametrize(
        "name", ["portal.css", "../rendering.py", "..%2frendering.py", "portal.0.css", "%00"]
    )
    async def test_nothing_else_is_served(self, scene: Scene, name: str) -> None:
        async with scene.portal.connect() as client:
            answer = await client.get(f"/static/{name}")

        assert answer.status_code in (400, 404)
