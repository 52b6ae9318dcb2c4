"""How a person comes by a customer that was made without them."""

import asyncio
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx
import pytest

from bff.customers.claiming import Claims
from bff.customers.claims import ClaimTokens
from bff.customers.refusals import ClaimRefused
from bff.identity import Caller, CallerKind
from bff.otp import Purpose
from tests.integration.bff.customers.desk import (
    CUSTOMERS,
    DEMO,
    MOBILE,
    OMAN,
    STUB,
    SUPPORT,
    TILL,
    Desk,
    get_code,
)

pytestmark = pytest.mark.asyncio

CLAIMS = f"{CUSTOMERS}/claims"
AIKO = "aiko@new.example"


async def make_link(client: httpx.AsyncClient, customer_id: str) -> str:
    answer = await client.post(f"{CUSTOMERS}/{customer_id}/claim-link")
    assert answer.status_code == 201, answer.text
    return str(answer.json()["token"])


async def make_omani(desk: Desk, body: Any = STUB) -> tuple[str, str]:
    """A customer of the other org, and a link to claim it."""
    async with desk.machine(org=OMAN) as machine:
        made = (await machine.post(CUSTOMERS, json=body | {"phone": MOBILE})).json()
        return made["id"], await make_link(machine, made["id"])


class TestLink:
    async def test_makes_the_customer_the_persons_own(self, desk: Desk) -> None:
        customer_id, token = await make_omani(desk)
        async with desk.portal.signed_in() as hana:
            claimed = await hana.post(CLAIMS, json={"by": "link", "token": token})

        assert (claimed.status_code, claimed.json()["id"]) == (200, customer_id)
        assert await desk.find_user(customer_id, org=OMAN) == {
            "email": "hana@customer.example",
            "is_registered": True,
        }
        async with desk.person("hana@customer.example", "oman") as hana:
            assert (await hana.get(f"{CUSTOMERS}/{customer_id}")).status_code == 200

    async def test_does_not_tell_an_org_who_somebody_is_in_another(self, desk: Desk) -> None:
        customer_id, token = await make_omani(desk)
        async with desk.portal.signed_in() as hana:
            elsewhere = (await hana.get("/api/auth/session")).json()["customerId"]
            await hana.post(CLAIMS, json={"by": "link", "token": token})

        lines = await desk.list_rows(
            "SELECT actor FROM audit WHERE subject = :subject UNION SELECT actor FROM customer_history",
            org=OMAN,
            subject=f"customer:{customer_id}",
        )
        assert {line["actor"].partition(":")[0] for line in lines} == {"machine", "user"}
        assert elsewhere not in str(lines)

    async def test_is_good_for_one_of_many_at_once(self, desk: Desk) -> None:
        _, token = await make_omani(desk)
        people = [f"{name}@customer.example" for name in ("hana", "kenji", "sara", "omar", "noor")]

        async def claim(email: str) -> int:
            async with desk.portal.signed_in(email) as client:
                return (await client.post(CLAIMS, json={"by": "link", "token": token})).status_code

        assert sorted(await asyncio.gather(*map(claim, people))) == [200, 409, 409, 409, 409]

    async def test_is_one_of_several_of_which_one_is_good(self, desk: Desk) -> None:
        """Two people, a link each, of one customer, at once."""
        customer_id, first = await make_omani(desk)
        async with desk.machine(org=OMAN) as machine:
            second = await make_link(machine, customer_id)

        async def claim(email: str, token: str) -> int:
            async with desk.portal.signed_in(email) as client:
                return (await client.post(CLAIMS, json={"by": "link", "token": token})).status_code

        codes = await asyncio.gather(
            claim("hana@customer.example", first), claim("kenji@customer.example", second)
        )
        assert sorted(codes) == [200, 409]

    async def test_gives_one_person_one_of_two_customers_at_once(self, desk: Desk) -> None:
        _, first = await make_omani(desk)
        _, second = await make_omani(desk)
        async with desk.portal.signed_in() as hana:
            answers = await asyncio.gather(
                *(hana.post(CLAIMS, json={"by": "link", "token": token}) for token in (first, second))
            )

        assert sorted(answer.status_code for answer in answers) == [200, 409]

    async def test_is_kept_as_a_hash(self, desk: Desk) -> None:
        _, token = await make_omani(desk)

        [row] = await desk.list_rows("SELECT customer_claims::text AS line FROM customer_claims", org=OMAN)
        assert token not in row["line"]

    async def test_tells_its_token_behind_the_sign_of_the_address(self, desk: Desk) -> None:
        made = await desk.make()
        async with desk.staff(TILL) as client:
            link = (await client.post(f"{CUSTOMERS}/{made['id']}/claim-link")).json()

        assert link["url"].partition("#")[2] == link["token"]

    async def test_runs_out(self, desk: Desk) -> None:
        customer_id, token = await make_omani(desk)
        late = datetime.now(UTC) + timedelta(days=14, minutes=1)
        claims = Claims(
            desk.portal.adapters,
            ClaimTokens(desk.portal.settings.identity.secret_key),
            now=lambda: late,
        )
        machine = Caller(
            kind=CallerKind.MACHINE, org_id=OMAN.id, org_slug="oman", region="OM", locale="ar", client_id="x"
        )

        with pytest.raises(ClaimRefused):
            await claims.claim_by_link(machine, token, email=AIKO)
        assert await desk.find_user(customer_id, org=OMAN) is None

    async def test_refusals_do_not_tell_why(self, desk: Desk) -> None:
        _, used = await make_omani(desk)
        gone_id, gone = await make_omani(desk)
        async with desk.machine(org=OMAN) as machine:
            await machine.post(CLAIMS, json={"by": "link", "token": used, "email": AIKO})
            await machine.delete(f"{CUSTOMERS}/{gone_id}")
        forged = ClaimTokens("another").make(OMAN.id)
        unknown = ClaimTokens(desk.portal.settings.identity.secret_key).make(OMAN.id)
        async with desk.portal.signed_in() as hana:
            answers = [
                await hana.post(CLAIMS, json={"by": "link", "token": token})
                for token in (used, gone, forged, unknown)
            ]

        bodies = [answer.json() | {"requestId": ""} for answer in answers]
        assert bodies == [bodies[0]] * 4
        assert get_code(answers[0]) == (409, "claim_refused")

    async def test_gives_nobody_a_second_profile_in_an_org(self, desk: Desk) -> None:
        made = await desk.make()
        async with desk.staff(SUPPORT) as client:
            token = await make_link(client, made["id"])
        async with desk.portal.signed_in() as hana:
            refused = await hana.post(CLAIMS, json={"by": "link", "token": token})
        async with desk.machine() as machine:
            kept = await machine.post(CLAIMS, json={"by": "link", "token": token, "email": AIKO})

        assert get_code(refused) == (409, "customer_exists")
        assert kept.status_code == 200

    async def test_is_not_made_of_a_customer_who_belongs_to_somebody(self, desk: Desk) -> None:
        async with desk.portal.signed_in() as hana:
            own = (await hana.get("/api/auth/session")).json()["customerId"]
        async with desk.staff() as client:
            refused = await client.post(f"{CUSTOMERS}/{own}/claim-link")

        assert get_code(refused) == (409, "already_claimed")

    async def test_wakes_who_slept(self, desk: Desk) -> None:
        customer_id, token = await make_omani(desk, STUB | {"email": AIKO})
        async with desk.machine(org=OMAN) as machine:
            claimed = await machine.post(CLAIMS, json={"by": "link", "token": token, "email": AIKO})

        assert claimed.status_code == 200
        assert await desk.find_user(customer_id, org=OMAN) == {"email": AIKO, "is_registered": True}

    async def test_takes_the_name_of_a_person_to_the_letter(self, desk: Desk) -> None:
        _, token = await make_omani(desk)
        async with desk.machine(org=OMAN) as machine:
            for email in (f"{AIKO}\n", f" {AIKO}", "aiko", "ai\u0131ko@new.example", 1, ["a@b.example"]):
                answer = await machine.post(CLAIMS, json={"by": "link", "token": token, "email": email})
                assert get_code(answer) == (400, "invalid_request"), email

        assert await desk.list_rows("SELECT id FROM users WHERE email LIKE 'ai%'", org=OMAN) == []

    async def test_is_for_its_own_orgs_machines(self, desk: Desk) -> None:
        _, token = await make_omani(desk)
        async with desk.machine(org=DEMO) as machine:
            refused = await machine.post(CLAIMS, json={"by": "link", "token": token, "email": AIKO})
            unnamed = await machine.post(CLAIMS, json={"by": "link", "token": token})

        assert get_code(refused) == (409, "claim_refused")
        assert get_code(unnamed) == (409, "claim_refused")


class TestCode:
    async def claim(self, desk: Desk, proof: str | None = None, **fields: str) -> httpx.Response:
        body = {"by": "code", "phone": "090-1234-5678", "email": AIKO} | fields
        body["proof"] = proof or await desk.prove(purpose=Purpose.CLAIM)
        async with desk.machine() as machine:
            return await machine.post(CLAIMS, json=body)

    async def test_makes_the_one_customer_with_the_number_the_persons_own(self, desk: Desk) -> None:
        made = await desk.make()
        claimed = await self.claim(desk)

        assert (claimed.json()["id"], claimed.json()["phoneVerified"]) == (made["id"], True)
        assert await desk.find_user(made["id"]) == {"email": AIKO, "is_registered": True}

    async def test_takes_a_proof_for_claiming_and_takes_it_once(self, desk: Desk) -> None:
        await desk.make()
        proof = await desk.prove(purpose=Purpose.CLAIM)
        other = await self.claim(desk, await desk.prove(purpose=Purpose.VERIFICATION))
        first, second = await self.claim(desk, proof), await self.claim(desk, proof)

        assert get_code(other) == (422, "proof_refused")
        assert (first.status_code, get_code(second)) == (200, (422, "proof_refused"))

    async def test_does_not_choose_between_two(self, desk: Desk) -> None:
        await desk.make()
        await desk.make()

        assert get_code(await self.claim(desk)) == (409, "claim_ambiguous")

    async def test_finds_nobody_who_is_not_there(self, desk: Desk) -> None:
        assert get_code(await self.claim(desk)) == (404, "not_found")

    async def test_finds_nobody_who_is_deactivated_another_orgs_or_claimed(self, desk: Desk) -> None:
        await make_omani(desk)
        closed = await desk.make()
        async with desk.staff() as client:
            await client.delete(f"{CUSTOMERS}/{closed['id']}")
        answers = [await self.claim(desk)]
        await desk.make()
        answers += [await self.claim(desk), await self.claim(desk, email="eiko@new.example")]

        assert [answer.status_code for answer in answers] == [404, 200, 404]

    async def test_finds_nobody_by_a_number_that_staff_have_unlinked(self, desk: Desk) -> None:
        """Whoever holds it now is somebody else."""
        made = await desk.make()
        await desk.unlink(made["id"])

        assert get_code(await self.claim(desk)) == (404, "not_found")

    async def test_of_one_customer_by_many_at_once_is_one(self, desk: Desk) -> None:
        await desk.make()
        proofs = [await desk.prove(purpose=Purpose.CLAIM) for _ in range(5)]
        answers = await asyncio.gather(
            *(self.claim(desk, proof, email=f"a{n}@new.example") for n, proof in enumerate(proofs))
        )

        # Who asked before the first was done waited for it and is refused; who came after finds nobody.
        codes = sorted(answer.status_code for answer in answers)
        assert codes[0] == 200
        assert set(codes[1:]) <= {404, 409}

    async def test_is_for_machines(self, desk: Desk) -> None:
        async with desk.portal.signed_in() as hana:
            body = {"by": "code", "phone": MOBILE, "proof": "x", "email": AIKO}
            assert get_code(await hana.post(CLAIMS, json=body)) == (403, "forbidden")
