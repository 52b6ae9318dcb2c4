"""The page where a claim link leads, as a browser without scripts uses it."""

import re

import pytest

from tests.integration.bff.customers.desk import CUSTOMERS, OMAN, STUB, Desk
from tests.integration.bff.portal.visitor import HTML, show, visiting
from tests.integration.bff.scene import Scene

pytestmark = pytest.mark.asyncio

PAGE = "/account/claim"


async def make_link(scene: Scene) -> tuple[str, str]:
    """A customer of the other org: its number, and the code of its link."""
    async with Desk(scene.portal).machine(org=OMAN) as machine:
        made = (await machine.post(CUSTOMERS, json=STUB | {"phone": "+819012345678"})).json()
        link = (await machine.post(f"{CUSTOMERS}/{made['id']}/claim-link")).json()
    assert link["url"].partition("#")[0].endswith(PAGE)
    return made["customerNumber"], link["token"]


class TestClaimPage:
    async def test_makes_the_purchase_the_persons_own(self, scene: Scene) -> None:
        number, code = await make_link(scene)
        async with visiting(scene, "hana") as browser:
            page = await browser.get(PAGE)
            action = re.search(r'action="(/account/claim\?csrf=[^"]+)"', page.text)[1]  # type: ignore[index]
            claimed = await browser.post(action, data={"code": code})
            again = await browser.post(action, data={"code": code})

        assert f"{number} is yours now." in show(claimed)
        assert (again.status_code, "This link is not valid any more." in show(again)) == (409, True)

    @pytest.mark.parametrize("code", ["", "x", "A" * 64, "<script>", "é" * 64])
    async def test_refuses_what_is_no_code_beside_its_field(self, scene: Scene, code: str) -> None:
        async with visiting(scene, "hana") as browser:
            page = await browser.get(PAGE)
            action = re.search(r'action="(/account/claim\?csrf=[^"]+)"', page.text)[1]  # type: ignore[index]
            refused = await browser.post(action, data={"code": code})

        assert refused.status_code == 409
        assert 'aria-invalid="true" aria-describedby="field-code-error"' in refused.text

    async def test_is_for_who_is_signed_in(self, scene: Scene) -> None:
        async with scene.portal.connect(HTML) as browser:
            answer = await browser.get(PAGE)

        assert answer.headers["Location"] == "/sign-in?next_path=%2Faccount%2Fclaim"

    async def test_takes_no_form_of_another_site(self, scene: Scene) -> None:
        number, code = await make_link(scene)
        async with visiting(scene, "hana") as browser:
            answer = await browser.post(PAGE, data={"code": code})

        assert (answer.status_code, number in answer.text) == (403, False)
