import asyncio

import pytest
from sqlalchemy import text

from bff.demo.people import DEMO_ORGS, DEMO_PEOPLE
from bff.identity.caller import Caller, CallerKind
from bff.identity.principals import Principals
from bff.identity.sessions import COOKIE, Sessions, hash_token
from tests.fixtures.portal import HANA, Portal, sign_in

pytestmark = pytest.mark.asyncio

SESSION = "/api/auth/session"
LOGOUT = "/api/auth/logout"


class Clock:
    def __init__(self) -> None:
        self.now = 1_800_000_000.0

    def __call__(self) -> float:
        return self.now


def make_sessions(portal: Portal, clock: Clock) -> Sessions:
    adapters = portal.adapters
    return Sessions(adapters.redis, Principals(adapters.database), portal.settings.identity, now=clock)


async def get_hana(portal: Portal) -> Caller:
    found = await Principals(portal.adapters.database).find_by_email(HANA)
    assert found is not None
    return found


class TestSignIn:
    async def test_tells_who_one_is(self, portal: Portal) -> None:
        async with portal.signed_in() as hana:
            told = (await hana.get(SESSION)).json()

        assert told["email"] == HANA
        assert told["org"] == "demo"
        assert told["kind"] == "customer"
        assert told["csrfToken"] == hana.headers["X-CSRF-Token"]

    async def test_knows_staff_by_their_role(self, portal: Portal) -> None:
        async with portal.signed_in("support@staff.example") as support:
            told = (await support.get(SESSION)).json()

        assert (told["kind"], told["role"], told["customerId"]) == ("staff", "support", None)

    async def test_sets_a_cookie_that_only_this_host_and_no_script_can_read(self, portal: Portal) -> None:
        async with portal.connect() as client:
            answer = await client.post("/api/auth/dev-login", json={"email": HANA})

        name, *attributes = answer.headers["set-cookie"].split("; ")
        assert name.startswith(f"{COOKIE}=")
        assert {"HttpOnly", "Secure", "Path=/", "SameSite=lax"} <= set(attributes)
        assert not any(attribute.startswith("Domain") for attribute in attributes)

    async def test_gives_another_token_each_time_and_ends_the_one_before(self, portal: Portal) -> None:
        async with portal.connect() as client:
            first = await sign_in(client, HANA)
            answer = await client.post(
                "/api/auth/dev-login", json={"email": HANA}, headers={"Cookie": first["Cookie"]}
            )
            second = answer.headers["set-cookie"].split(";")[0]

            assert second != first["Cookie"]
            assert (await client.get(SESSION, headers={"Cookie": first["Cookie"]})).status_code == 401
            assert (await client.get(SESSION, headers={"Cookie": second})).status_code == 200

    async def test_never_takes_up_a_token_that_a_visitor_brings(self, portal: Portal) -> None:
        planted = f"{COOKIE}={'A' * 43}"
        async with portal.connect({"Cookie": planted}) as client:
            await sign_in(client, HANA)

            assert (await client.get(SESSION, headers={"Cookie": planted})).status_code == 401

    @pytest.mark.parametrize("email", ["nobody@customer.example", "", "x" * 1000, "hana@customer.example'--"])
    async def test_refuses_whom_it_does_not_know(self, portal: Portal, email: str) -> None:
        async with portal.connect() as client:
            answer = await client.post("/api/auth/dev-login", json={"email": email})

        assert (answer.status_code, answer.json()["code"]) == (401, "unauthenticated")

    @pytest.mark.parametrize(("org", "status"), [("demo", 200), ("oman", 401), ("nowhere", 401)])
    async def test_takes_place_in_one_org(self, portal: Portal, org: str, status: int) -> None:
        async with portal.connect() as client:
            answer = await client.post("/api/auth/dev-login", json={"email": HANA, "org": org})

        assert answer.status_code == status

    async def test_cannot_be_forced_on_a_visitor_by_another_site(self, portal: Portal) -> None:
        async with portal.connect({"Origin": "https://evil.example"}) as client:
            answer = await client.post("/api/auth/dev-login", json={"email": HANA})

        assert (answer.status_code, answer.json()["code"]) == (403, "csrf_failed")


class TestSignOut:
    async def test_makes_the_cookie_worthless(self, portal: Portal) -> None:
        async with portal.signed_in() as hana:
            answer = await hana.post(LOGOUT)

            assert answer.status_code == 204
            assert "Max-Age=0" in answer.headers["set-cookie"]
            assert (await hana.get(SESSION)).status_code == 401

    async def test_needs_the_pages_token(self, portal: Portal) -> None:
        async with portal.signed_in() as hana:
            del hana.headers["X-CSRF-Token"]
            answer = await hana.post(LOGOUT)

            assert (answer.status_code, answer.json()["code"]) == (403, "csrf_failed")
            assert (await hana.get(SESSION)).status_code == 200

    async def test_is_not_undone_by_a_request_under_way(self, portal: Portal) -> None:
        """The once-a-minute note that a session is in use must not bring an ended one back."""
        clock = Clock()
        sessions = make_sessions(portal, clock)
        token = (await sessions.start(await get_hana(portal))).token.encode()
        clock.now += 61

        await asyncio.gather(sessions.find(token), sessions.end(token))

        assert await sessions.find(token) is None


class TestLifetime:
    async def test_ends_after_half_an_hour_without_a_request(self, portal: Portal) -> None:
        sessions = make_sessions(portal, Clock())
        caller = (await sessions.start(await get_hana(portal))).caller

        left_ms = await portal.adapters.redis.call("PTTL", f"session:{caller.session_key}")

        assert 1_795_000 < left_ms <= 1_800_000

    async def test_goes_on_while_it_is_used_and_ends_after_twelve_hours(self, portal: Portal) -> None:
        clock = Clock()
        sessions = make_sessions(portal, clock)
        started = await sessions.start(await get_hana(portal))
        token = started.token.encode()
        for _ in range(47):
            clock.now += 900
            assert await sessions.find(token) is not None
        left_ms = await portal.adapters.redis.call("PTTL", f"session:{started.caller.session_key}")
        clock.now += 901

        assert left_ms <= 900_000
        assert await sessions.find(token) is None

    async def test_is_noted_at_most_once_a_minute(self, portal: Portal) -> None:
        clock = Clock()
        sessions = make_sessions(portal, clock)
        started = await sessions.start(await get_hana(portal))
        key, token = f"session:{started.caller.session_key}", started.token.encode()
        first = await portal.adapters.redis.call("GET", key)

        clock.now += 59
        await sessions.find(token)
        assert await portal.adapters.redis.call("GET", key) == first
        clock.now += 2
        await sessions.find(token)
        assert await portal.adapters.redis.call("GET", key) != first


class TestChanges:
    async def test_of_the_person_show_within_a_minute(self, portal: Portal) -> None:
        clock = Clock()
        sessions = make_sessions(portal, clock)
        hana = await get_hana(portal)
        token = (await sessions.start(hana)).token.encode()
        await run(portal, hana, "UPDATE customers SET account_id = '001000000000009AAA' WHERE id = :id")
        clock.now += 61

        found = await sessions.find(token)

        assert found is not None
        assert found.account_id == "001000000000009AAA"

    async def test_show_sooner_for_a_customer_who_waits_for_an_account(self, portal: Portal) -> None:
        clock = Clock()
        sessions = make_sessions(portal, clock)
        hana = await get_hana(portal)
        await run(portal, hana, "UPDATE customers SET account_id = NULL WHERE id = :id")
        token = (await sessions.start(await get_hana(portal))).token.encode()
        await run(portal, hana, "UPDATE customers SET account_id = '001000000000009AAA' WHERE id = :id")
        clock.now += 6

        found = await sessions.find(token)

        assert found is not None
        assert found.account_id == "001000000000009AAA"

    async def test_sign_a_removed_person_out(self, portal: Portal) -> None:
        clock = Clock()
        sessions = make_sessions(portal, clock)
        hana = await get_hana(portal)
        token = (await sessions.start(hana)).token.encode()
        await run(portal, hana, "UPDATE customers SET user_id = NULL WHERE id = :id")
        clock.now += 61

        assert await sessions.find(token) is None
        clock.now -= 61
        assert await sessions.find(token) is None


async def run(portal: Portal, caller: Caller, statement: str) -> None:
    async with portal.adapters.database.transaction(caller.org_id) as session:
        await session.execute(text(statement), {"id": caller.customer_id})


class TestStorage:
    async def test_knows_the_tokens_hash_only(self, portal: Portal) -> None:
        sessions = make_sessions(portal, Clock())
        token = (await sessions.start(await get_hana(portal))).token

        keys = await portal.adapters.redis.call("KEYS", "session:*")
        values = [await portal.adapters.redis.call("GET", key) for key in keys]

        assert f"session:{hash_token(token.encode())}".encode() in keys
        assert not any(token.encode() in stored for stored in [*keys, *values])

    @pytest.mark.parametrize(
        "cookie",
        [
            "",
            COOKIE,
            f"{COOKIE}=",
            f"{COOKIE}=x",
            f"x{COOKIE}={'A' * 43}",
            f"{COOKIE}={'A' * 44}",
            f"{COOKIE}={'é' * 43}",
        ],
    )
    async def test_is_not_even_asked_for_what_cannot_be_a_token(self, portal: Portal, cookie: str) -> None:
        async with portal.connect() as client:
            answer = await client.get(SESSION, headers={b"Cookie": cookie.encode()})

        assert (answer.status_code, answer.json()["code"]) == (401, "unauthenticated")


class TestWithoutRedis:
    async def test_says_that_the_service_is_away(self, portal: Portal) -> None:
        async with portal.signed_in() as hana:
            await portal.adapters.redis.close()
            answer = await hana.get(SESSION)

        assert (answer.status_code, answer.json()["code"]) == (503, "service_unavailable")
        assert answer.headers["Retry-After"] == "2"


class TestDemoPeople:
    async def test_can_all_sign_in(self, portal: Portal) -> None:
        for person in DEMO_PEOPLE:
            async with portal.connect() as client:
                headers = await sign_in(client, person.email)
                told = (await client.get(SESSION, headers=headers)).json()
            assert told["kind"] == (CallerKind.STAFF if person.role else CallerKind.CUSTOMER)
            assert told["org"] == DEMO_ORGS[0].slug
