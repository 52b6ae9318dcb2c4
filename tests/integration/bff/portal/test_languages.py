"""In which language pages and answers speak, and the switch on every page."""

import re
from html import unescape

import httpx
import psycopg
import pytest

from bff.texts import get_texts, language_codes
from tests.fixtures.portal import ORIGIN
from tests.integration.bff.portal.visitor import HTML, visiting
from tests.integration.bff.scene import Scene

pytestmark = pytest.mark.asyncio

FORM = {"Origin": ORIGIN, **HTML}


def find_language(answer: httpx.Response) -> tuple[str, str]:
    found = re.search(r'<html lang="(\w+)" dir="(\w+)">', answer.text)
    assert found
    return found[1], found[2]


async def choose(client: httpx.AsyncClient, language: str, place: str = "/account") -> httpx.Response:
    """As a browser does, which keeps the cookie beside the session's; by hand, because both are `Secure`."""
    answer = await client.post("/language", data={"language": language, "place": place}, headers=FORM)
    if cookie := answer.headers.get("Set-Cookie"):
        kept = [part for part in (client.headers.get("Cookie"), cookie.split(";")[0]) if part]
        client.headers["Cookie"] = "; ".join(kept)
    return answer


class TestSwitch:
    async def test_offers_each_language_in_its_own_words(self, scene: Scene) -> None:
        async with visiting(scene, "hana") as client:
            page = (await client.get("/account")).text

        offered = re.findall(r'name="language" value="(\w+)" lang="\w+"[^>]*>([^<]+)', page)
        assert offered == [(code, get_texts(code).name) for code in language_codes()]
        assert {"English", "日本語", "العربية"} == {name for _, name in offered}

    @pytest.mark.parametrize(("language", "direction"), [("ja", "ltr"), ("ar", "rtl"), ("en", "ltr")])
    async def test_leads_back_to_the_same_page_in_that_language(
        self, scene: Scene, language: str, direction: str
    ) -> None:
        async with visiting(scene, "hana") as client:
            answer = await choose(client, language, "/account/shop/sim?context=checkout")
            page = await client.get("/account")

        assert (answer.status_code, answer.headers["Location"]) == (303, "/account/shop/sim?context=checkout")
        assert find_language(page) == (language, direction)

    @pytest.mark.parametrize(
        "path", ["/account", "/account/shop/internet", "/account/shop/sim", "/account/orders", "/nowhere"]
    )
    async def test_stands_on_every_page_and_knows_its_address(self, scene: Scene, path: str) -> None:
        async with visiting(scene, "hana") as client:
            page = (await client.get(path)).text

        [place] = re.findall(r'name="place" value="([^"]*)"', page)
        assert unescape(place) == path

    async def test_works_before_anybody_signs_in(self, scene: Scene) -> None:
        async with scene.portal.connect(FORM) as client:
            await choose(client, "ar", "/sign-in")
            page = await client.get("/sign-in")

        assert find_language(page) == ("ar", "rtl")

    async def test_is_kept_for_a_year_and_out_of_reach_of_scripts(self, scene: Scene) -> None:
        async with scene.portal.connect(FORM) as client:
            cookie = (await choose(client, "ja")).headers["Set-Cookie"]

        assert cookie.startswith("language=ja;")
        assert {"HttpOnly", "Secure", "Path=/", "SameSite=lax", "Max-Age=31536000"} <= set(cookie.split("; "))

    @pytest.mark.parametrize("language", ["", "xx", "../../etc", "en\r\nSet-Cookie: a=b", "JA"])
    async def test_knows_no_other_language(self, scene: Scene, language: str) -> None:
        async with scene.portal.connect(FORM) as client:
            answer = await choose(client, language)

        assert answer.status_code == 400
        assert "Set-Cookie" not in answer.headers

    async def test_another_site_cannot_choose(self, scene: Scene) -> None:
        async with scene.portal.connect(HTML) as client:
            headers = {"Origin": "https://elsewhere.example"}
            answer = await client.post("/language", data={"language": "ja"}, headers=headers)

        assert answer.status_code == 403

    async def test_never_leads_elsewhere(self, scene: Scene) -> None:
        async with scene.portal.connect(FORM) as client:
            answer = await choose(client, "ja", "//elsewhere.example")

        assert answer.headers["Location"] == "/account"


class TestOrder:
    """The visitor's choice, else the org's language, else what the browser prefers, else English."""

    async def test_a_choice_goes_before_everything(self, scene: Scene) -> None:
        async with visiting(scene, "hana") as client:
            await choose(client, "ja")
            page = await client.get("/account", headers={"Accept-Language": "ar"})

        assert find_language(page)[0] == "ja"

    async def test_the_orgs_language_goes_before_the_browsers(self, scene: Scene) -> None:
        async with visiting(scene, "hana") as client:
            page = await client.get("/account", headers={"Accept-Language": "ja"})

        assert find_language(page)[0] == "en"

    async def test_the_browsers_counts_where_the_orgs_is_not_spoken(
        self, scene: Scene, postgres_owner_url: str
    ) -> None:
        async with await psycopg.AsyncConnection.connect(postgres_owner_url) as connection:
            await connection.execute("UPDATE orgs SET locale = 'fr' WHERE slug = 'demo'")
        async with visiting(scene, "hana") as client:
            page = await client.get("/account", headers={"Accept-Language": "ja"})

        assert find_language(page)[0] == "ja"

    @pytest.mark.parametrize(
        ("wishes", "language"),
        [
            ("ja", "ja"),
            ("fr-FR, ar-OM;q=0.8, en;q=0.5", "ar"),
            ("en;q=0.5, ja;q=0.9", "ja"),
            ("ja;q=0, ar;q=0.1", "ar"),
            ("fr, xx", "en"),
            (";;q=,,", "en"),
            ("*", "en"),
            ("ja;q=7", "en"),
            (",".join(["x" * 8] * 500), "en"),
        ],
    )
    async def test_before_sign_in_the_browser_is_asked(
        self, scene: Scene, wishes: str, language: str
    ) -> None:
        async with scene.portal.connect(HTML) as client:
            page = await client.get("/sign-in", headers={"Accept-Language": wishes})

        assert find_language(page)[0] == language

    @pytest.mark.parametrize("cookie", ["language=xx", "language=", "xlanguage=ja", "language=ja-JP"])
    async def test_a_cookie_that_is_not_ours_counts_as_none(self, scene: Scene, cookie: str) -> None:
        async with scene.portal.connect(HTML) as client:
            page = await client.get("/sign-in", headers={"Cookie": cookie, "Accept-Language": "ar"})

        assert find_language(page)[0] == "ar"


class TestApi:
    async def test_says_statuses_and_next_actions_in_the_callers_language(self, scene: Scene) -> None:
        async with visiting(scene, "hana") as client:
            await choose(client, "ja")
            # The same address with a query takes the ordinary way, without one the direct one.
            told = [
                (await client.get(f"/api/eligibility/internet{query}")).json()["nextAction"]
                for query in ("", "?")
            ]

        label = get_texts("ja").say("Request a review")
        assert told == [{"code": "request_review", "label": label}] * 2

    async def test_says_refusals_in_the_callers_language(self, scene: Scene) -> None:
        async with scene.portal.signed_in("sara@customer.example") as client:
            client.headers["Cookie"] += "; language=ar"
            answer = await client.post("/api/eligibility/internet/request", json={})

        texts = get_texts("ar")
        assert answer.json()["detail"] == texts.say(
            "Internet is already confirmed for your address, so no review is needed."
        )
        assert answer.json()["nextAction"]["label"] == texts.say("Nothing to do")

    @pytest.mark.parametrize(
        ("path", "sentence"),
        [
            ("/api/nowhere", "There is nothing here."),
            ("/api/eligibility/internet", "Please sign in to continue."),
            ("/api/orders", "Please sign in to continue."),
        ],
    )
    async def test_says_what_everybody_may_hear_in_the_browsers_language(
        self, scene: Scene, path: str, sentence: str
    ) -> None:
        async with scene.portal.connect({"Accept-Language": "ja"}) as client:
            answer = await client.get(path)

        assert answer.json()["detail"] == get_texts("ja").say(sentence)

    async def test_says_tiles_in_the_callers_language(self, scene: Scene) -> None:
        async with visiting(scene, "hana") as client:
            await choose(client, "ja")
            told = (await client.get("/api/dashboard/tasks")).json()

        assert told["items"][0]["title"] == get_texts("ja").say("Check internet availability")
