"""Fault switches of the REST side, over the control plane and over real sockets."""

import time
from typing import Any

import httpx
import pytest

from sf_sync.emulator.serving import HttpServer
from tests.conformance.rest.caller import DATA, Caller, error_of


async def switch(caller: Caller, **switches: Any) -> None:
    answer = await caller.anonymous("PATCH", "/emulator/faults", json=switches)
    assert answer.status_code == 200, answer.text


REFUSING = [
    ({"unavailable": True}, 503, "SERVER_UNAVAILABLE"),
    ({"unavailable_ratio": 1.0}, 503, "SERVER_UNAVAILABLE"),
    ({"request_limit": True}, 403, "REQUEST_LIMIT_EXCEEDED"),
    ({"expired_session": True}, 401, "INVALID_SESSION_ID"),
    ({"lock_rows": True}, 400, "UNABLE_TO_LOCK_ROW"),
]


class TestRefusals:
    @pytest.mark.asyncio
    @pytest.mark.parametrize(("switches", "status", "code"), REFUSING)
    async def test_do_nothing_and_answer_an_error(
        self, caller: Caller, switches: dict[str, Any], status: int, code: str
    ) -> None:
        account_id = await caller.create("Account", Name="Hana")
        await switch(caller, **switches)

        answer = await caller.call("PATCH", f"sobjects/Account/{account_id}", json={"Site": "x"})
        await caller.anonymous("DELETE", "/emulator/faults")

        assert answer.status_code == status
        assert error_of(answer)["errorCode"] == code
        assert (await caller.read("Account", account_id))["Site"] is None

    @pytest.mark.asyncio
    async def test_as_html_come_from_the_edge(self, caller: Caller) -> None:
        await switch(caller, html_error=True)
        answer = await caller.call("GET", "limits")

        assert answer.status_code == 502
        assert answer.headers["content-type"].startswith("text/html")
        assert answer.text.startswith("<html>")

    @pytest.mark.asyncio
    async def test_of_locked_rows_reach_collections_and_composites(self, caller: Caller) -> None:
        account_id = await caller.create("Account", Name="Hana")
        await switch(caller, lock_rows=True)
        record = {"attributes": {"type": "Account"}, "id": account_id, "Site": "x"}
        sub = {
            "method": "PATCH",
            "url": f"{DATA}/sobjects/Account/{account_id}",
            "referenceId": "a",
            "body": {},
        }

        many = await caller.call("PATCH", "composite/sobjects", json={"records": [record]})
        composite = await caller.call(
            "POST", "composite", json={"compositeRequest": [sub], "allOrNone": True}
        )

        assert many.json()[0]["errors"][0]["statusCode"] == "UNABLE_TO_LOCK_ROW"
        assert composite.json()["compositeResponse"][0]["body"][0]["errorCode"] == "UNABLE_TO_LOCK_ROW"


class TestOddAnswers:
    @pytest.mark.asyncio
    async def test_may_be_empty_although_the_work_was_done(self, caller: Caller) -> None:
        await switch(caller, empty_body=True, times=1)
        answer = await caller.call("POST", "sobjects/Account", json={"Name": "Hana"})

        assert (answer.status_code, answer.content) == (200, b"")
        assert len(await caller.select("SELECT Id FROM Account")) == 1

    @pytest.mark.asyncio
    async def test_may_carry_the_id_of_another_account(self, caller: Caller) -> None:
        first, second = [await caller.create("Account", Name=name) for name in "AB"]
        await switch(caller, wrong_account_id=True)

        by_row = await caller.read("Account", first)
        by_query = await caller.select(f"SELECT Id FROM Account WHERE Id = '{first}'")
        body = {"ids": [first], "fields": ["Id"]}
        by_collection = (await caller.call("POST", "composite/sobjects/Account", json=body)).json()

        assert [by_row["Id"], by_query[0]["Id"], by_collection[0]["Id"]] == [second] * 3

    @pytest.mark.asyncio
    async def test_may_carry_a_value_that_the_picklist_does_not_have(self, caller: Caller) -> None:
        account_id = await caller.create("Account", Name="A", Internet_Eligibility_Status__c="Eligible")
        await switch(caller, unknown_picklist=True)

        account = await caller.read("Account", account_id)
        assert account["Internet_Eligibility_Status__c"] == account["Id_Verification_Status__c"]
        assert account["Internet_Eligibility_Status__c"] not in ("Eligible", None)


class TestCuts:
    @pytest.mark.asyncio
    @pytest.mark.parametrize(
        ("switches", "rows"), [({"cut_after_commit": True}, 1), ({"cut_before": True}, 0)]
    )
    async def test_in_process_raise_a_read_error(
        self, caller: Caller, switches: dict[str, bool], rows: int
    ) -> None:
        await switch(caller, times=1, **switches)
        with pytest.raises(httpx.ReadError):
            await caller.call("POST", "sobjects/Account", json={"Name": "Hana"})

        assert len(await caller.select("SELECT Id FROM Account")) == rows
        outcomes = [call.outcome for call in caller.emulator.journal.calls if call.method == "POST"]
        assert outcomes == ["cut_after" if rows else "cut_before"]

    @pytest.mark.asyncio
    @pytest.mark.parametrize(
        ("switches", "rows"), [({"cut_after_commit": True}, 1), ({"cut_before": True}, 0)]
    )
    async def test_over_a_socket_close_the_connection(
        self, caller: Caller, switches: dict[str, bool], rows: int
    ) -> None:
        server = HttpServer(caller.emulator.asgi, host="127.0.0.1", port=0)
        await server.start()
        async with httpx.AsyncClient(base_url=server.url, headers=caller.headers) as http:
            await http.patch("/emulator/faults", json={"times": 1, **switches})
            with pytest.raises((httpx.RemoteProtocolError, httpx.ReadError)):
                await http.post(f"{DATA}/sobjects/Account", json={"Name": "Hana"})
            assert (await http.get(f"{DATA}/limits")).status_code == 200
        await server.stop()

        assert len(await caller.select("SELECT Id FROM Account")) == rows

    @pytest.mark.asyncio
    async def test_by_ratio_repeat_with_the_seed(self, caller: Caller) -> None:
        histories = []
        for _ in range(2):
            await caller.anonymous("PUT", "/emulator/faults", json={})
            caller.emulator.journal.clear()
            await switch(caller, seed=7, cut_after_ratio=0.2, cut_before_ratio=0.1)
            for number in range(200):
                try:
                    await caller.call("PATCH", f"sobjects/Case/Portal_Request_Id__c/r-{number}", json={})
                except httpx.ReadError:
                    continue
            histories.append(
                [call.outcome for call in caller.emulator.journal.calls if call.counted or not call.status]
            )

        assert histories[0] == histories[1]
        assert 20 <= histories[0].count("cut_after") <= 60
        assert 8 <= histories[0].count("cut_before") <= 35


class TestScope:
    @pytest.mark.asyncio
    async def test_is_a_path_prefix_and_a_method(self, caller: Caller) -> None:
        await switch(caller, unavailable=True, path_prefix=f"{DATA}/sobjects/Case", method="post")

        assert (await caller.call("POST", "sobjects/Case", json={})).status_code == 503
        assert (await caller.call("GET", "sobjects/Case")).status_code == 200
        assert (await caller.call("POST", "sobjects/Account", json={"Name": "A"})).status_code == 201

    @pytest.mark.asyncio
    async def test_leaves_logins_alone_unless_they_are_named(self, caller: Caller) -> None:
        form = {
            "grant_type": "client_credentials",
            "client_id": "portal-bff",
            "client_secret": "local-development-only",
        }
        await switch(caller, unavailable=True)
        assert (await caller.anonymous("POST", "/services/oauth2/token", data=form)).status_code == 200

        await switch(caller, path_prefix="/services/oauth2")
        assert (await caller.anonymous("POST", "/services/oauth2/token", data=form)).status_code == 503

    @pytest.mark.asyncio
    async def test_ends_after_so_many_times(self, caller: Caller) -> None:
        await switch(caller, unavailable=True, times=2)
        statuses = [(await caller.call("GET", "limits")).status_code for _ in range(4)]

        assert statuses == [503, 503, 200, 200]


class TestLatency:
    @pytest.mark.asyncio
    async def test_passes_before_and_after_the_work(self, caller: Caller) -> None:
        await switch(caller, latency_s=0.1)
        started = time.perf_counter()
        await caller.call("GET", "limits")

        assert time.perf_counter() - started >= 0.1
        assert caller.emulator.journal.calls[-1].duration_ms >= 100


class TestSwitches:
    @pytest.mark.asyncio
    async def test_are_shown_changed_and_put_back(self, caller: Caller) -> None:
        await switch(caller, latency_s=0.001, unavailable_ratio=0.5)
        shown = (await caller.anonymous("GET", "/emulator/faults")).json()
        assert (shown["latency_s"], shown["unavailable_ratio"]) == (0.001, 0.5)

        put = (await caller.anonymous("PUT", "/emulator/faults", json={"lock_rows": True})).json()
        assert (put["latency_s"], put["lock_rows"]) == (0.0, True)
        gone = (await caller.anonymous("DELETE", "/emulator/faults")).json()
        assert gone["lock_rows"] is False

    @pytest.mark.asyncio
    @pytest.mark.parametrize("method", ["PUT", "PATCH"])
    @pytest.mark.parametrize(
        "body", [{"lock_row": True}, {"lock_rows": "yes"}, {"latency_s": "slow"}, [], "x"]
    )
    async def test_that_do_not_exist_are_refused_and_change_nothing(
        self, caller: Caller, method: str, body: Any
    ) -> None:
        await switch(caller, html_error=True)
        answer = await caller.anonymous(method, "/emulator/faults", json=body)

        assert answer.status_code == 400
        assert answer.json()["error"]
        assert caller.emulator.faults.html_error is True

    @pytest.mark.asyncio
    async def test_are_named_when_an_unknown_one_is_given(self, caller: Caller) -> None:
        answer = await caller.anonymous("PATCH", "/emulator/faults", json={"lock_row": True})

        assert answer.json()["error"].startswith("Unknown switch: lock_row. The switches are: ")
        assert "lock_rows" in answer.json()["error"]


class TestSessions:
    @pytest.mark.asyncio
    async def test_can_all_be_expired_at_once(self, caller: Caller) -> None:
        assert (await caller.anonymous("DELETE", "/emulator/sessions")).json() == {"expired": 1}

        assert (await caller.call("GET", "limits")).status_code == 401


class TestJournal:
    @pytest.mark.asyncio
    async def test_tells_calls_and_commits_without_values(self, caller: Caller) -> None:
        await caller.call("GET", "query", params={"q": "SELECT Id FROM Account WHERE Name = 'Secret Name'"})
        account_id = await caller.create("Account", Name="Secret Name")
        await caller.call("GET", "sobjects/Nope")

        answer = await caller.anonymous("GET", "/emulator/journal")
        journal = answer.json()
        assert "Secret" not in answer.text
        assert [(call["method"], call["status"]) for call in journal["calls"]] == [
            ("GET", 200),
            ("POST", 201),
            ("GET", 404),
        ]
        assert journal["calls"][0]["path"] == f"{DATA}/query"
        assert journal["calls"][0]["client"] == "conformance"
        assert journal["calls"][2]["errorCode"] == "NOT_FOUND"
        assert (journal["counted"], journal["lastCall"]) == (3, 3)
        (change,) = journal["commits"][-1]["changes"]
        assert (change["entity"], change["recordId"], change["kind"]) == ("Account", account_id, "CREATE")

    @pytest.mark.asyncio
    async def test_can_be_read_from_a_number_and_cleared(self, caller: Caller) -> None:
        for _ in range(3):
            await caller.call("GET", "limits")

        later = (await caller.anonymous("GET", "/emulator/journal?after=2")).json()
        assert [call["number"] for call in later["calls"]] == [3]
        assert (await caller.anonymous("DELETE", "/emulator/journal")).status_code == 204
        empty = (await caller.anonymous("GET", "/emulator/journal")).json()
        assert (empty["calls"], empty["commits"], empty["counted"], empty["lastCall"]) == ([], [], 0, 3)
        assert (await caller.anonymous("GET", "/emulator/journal?after=x")).status_code == 400

    @pytest.mark.asyncio
    async def test_and_its_control_plane_are_no_salesforce_calls(self, caller: Caller) -> None:
        assert (await caller.anonymous("GET", "/emulator/health")).json()["status"] == "ok"
        assert (await caller.anonymous("GET", "/emulator/nothing")).status_code == 404
        assert caller.emulator.journal.last_number == 0
