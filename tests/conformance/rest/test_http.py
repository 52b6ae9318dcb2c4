"""The shape of HTTP around the resources: versions, paths, methods, media types, sizes, usage."""

import gzip

import msgspec
import pytest

from sf_sync.emulator.app import create_emulator
from sf_sync.emulator.settings import EmulatorSettings
from tests.conformance.rest.caller import BASE_URL, DATA, Caller, error_of


class TestVersions:
    @pytest.mark.asyncio
    async def test_are_listed_without_a_session_and_without_usage(self, caller: Caller) -> None:
        answer = await caller.anonymous("GET", "/services/data")

        assert {"label": "Spring '26", "url": "/services/data/v66.0", "version": "66.0"} in answer.json()
        assert "sforce-limit-info" not in answer.headers
        assert caller.emulator.journal.counted == 0

    @pytest.mark.asyncio
    @pytest.mark.parametrize(
        ("version", "status", "code"),
        [
            ("v99.0", 404, "NOT_FOUND"),
            ("v66", 404, "NOT_FOUND"),
            ("66.0", 404, "NOT_FOUND"),
            ("v25.0", 410, "UNSUPPORTED_API_VERSION"),
        ],
    )
    async def test_that_are_not_served_are_refused(
        self, caller: Caller, version: str, status: int, code: str
    ) -> None:
        answer = await caller.call("GET", f"/services/data/{version}/sobjects")

        assert answer.status_code == status
        assert error_of(answer)["errorCode"] == code

    @pytest.mark.asyncio
    async def test_list_their_resources(self, caller: Caller) -> None:
        answer = await caller.call("GET", "/services/data/v59.0/")

        assert answer.json()["query"] == "/services/data/v59.0/query"
        path = answer.json()["identity"].removeprefix(BASE_URL)
        identity = await caller.call("GET", f"{path}?format=json")
        assert identity.json()["user_id"] == caller.user_id


class TestPaths:
    @pytest.mark.asyncio
    @pytest.mark.parametrize(
        "path", ["sobjects", "sobjects/", "sobjects/Account", "sobjects/Account/", "limits/"]
    )
    async def test_may_end_in_a_slash(self, caller: Caller, path: str) -> None:
        assert (await caller.call("GET", path)).status_code == 200

    @pytest.mark.asyncio
    @pytest.mark.parametrize(
        "path",
        [
            "/services/data//v66.0/sobjects",
            f"{DATA}//sobjects",
            f"{DATA}/sobjects//Account",
            f"{DATA}/search?q=x",
            f"{DATA}/tooling/query?q=x",
            f"{DATA}/jobs/query",
            f"{DATA}/sobjects/Account/001Dp0000000001AAA/Owner/Name",
            "/services/apexrest/portal",
            "/services/nothing",
        ],
    )
    async def test_that_lead_nowhere_are_not_found(self, caller: Caller, path: str) -> None:
        answer = await caller.call("GET", path)

        assert answer.status_code == 404
        assert error_of(answer) == {
            "message": "The requested resource does not exist",
            "errorCode": "NOT_FOUND",
        }


class TestMethods:
    @pytest.mark.asyncio
    @pytest.mark.parametrize(
        ("method", "path", "allowed"),
        [
            ("PUT", "sobjects/Account", "GET,POST,HEAD"),
            ("POST", "limits", "GET,HEAD"),
            ("POST", "query", "GET,HEAD"),
            ("GET", "composite/batch", "POST"),
            ("POST", "sobjects/Account/001Dp0000000001AAA", "GET,PATCH,DELETE,HEAD"),
            ("DELETE", "sobjects/Account/describe", "GET,HEAD"),
        ],
    )
    async def test_that_do_not_fit_are_refused(
        self, caller: Caller, method: str, path: str, allowed: str
    ) -> None:
        answer = await caller.call(method, path)

        assert answer.status_code == 405
        message = f"HTTP Method '{method}' not allowed. Allowed are {allowed}"
        assert error_of(answer) == {"errorCode": "METHOD_NOT_ALLOWED", "message": message}

    @pytest.mark.asyncio
    async def test_head_is_a_get_without_a_body(self, caller: Caller) -> None:
        answer = await caller.call("HEAD", "limits")

        assert (answer.status_code, answer.content) == (200, b"")
        assert int(answer.headers["content-length"]) > 0


class TestBodies:
    @pytest.mark.asyncio
    @pytest.mark.parametrize(
        ("content", "kind", "status", "code"),
        [
            (b"<Account/>", "application/xml", 415, "UNSUPPORTED_MEDIA_TYPE"),
            (b'{"Name":"A"}', "text/plain", 415, "UNSUPPORTED_MEDIA_TYPE"),
            (b'{"Name":"A"}', "", 415, "UNSUPPORTED_MEDIA_TYPE"),
            (b'{"Name":', "application/json", 400, "JSON_PARSER_ERROR"),
            (b'{"Name":"\xff"}', "application/json", 400, "JSON_PARSER_ERROR"),
            (b'["Name"]', "application/json", 400, "JSON_PARSER_ERROR"),
            (b"", "application/json", 400, "JSON_PARSER_ERROR"),
            (b"[" * 100_000, "application/json", 400, "JSON_PARSER_ERROR"),
            (b'{"Name":"A"}', "Application/JSON; charset=UTF-8", 201, None),
        ],
    )
    async def test_must_be_json(
        self, caller: Caller, content: bytes, kind: str, status: int, code: str | None
    ) -> None:
        answer = await caller.call(
            "POST", "sobjects/Account", content=content, headers={"Content-Type": kind}
        )

        assert answer.status_code == status
        assert code is None or error_of(answer)["errorCode"] == code

    @pytest.mark.asyncio
    async def test_may_be_compressed(self, caller: Caller) -> None:
        headers = {"Content-Type": "application/json", "Content-Encoding": "gzip"}
        good = await caller.call(
            "POST", "sobjects/Account", content=gzip.compress(b'{"Name":"A"}'), headers=headers
        )
        bad = await caller.call("POST", "sobjects/Account", content=b'{"Name":"A"}', headers=headers)

        assert good.status_code == 201
        assert bad.status_code == 413

    @pytest.mark.asyncio
    async def test_are_not_answered_in_xml(self, caller: Caller) -> None:
        answer = await caller.call("GET", "limits", headers={"Accept": "application/xml"})

        assert answer.status_code == 406


class TestSizes:
    @pytest.mark.asyncio
    async def test_of_the_uri_and_the_headers_are_bounded(self, caller: Caller) -> None:
        long_uri = await caller.query("SELECT Id FROM Account WHERE Name = '" + "x" * 17_000 + "'")
        long_headers = await caller.call("GET", "limits", headers={"X-Long": "x" * 17_000})
        just_fits = await caller.query("SELECT Id FROM Account WHERE Name = '" + "x" * 15_000 + "'")

        assert (long_uri.status_code, long_headers.status_code, just_fits.status_code) == (414, 431, 200)


class TestUsage:
    @pytest.mark.asyncio
    async def test_is_told_with_every_answer(self, caller: Caller) -> None:
        infos = [
            (await caller.call("GET", path)).headers["sforce-limit-info"]
            for path in ("limits", "sobjects/Nope")
        ]

        assert infos == ["api-usage=1/5000000", "api-usage=2/5000000"]

    @pytest.mark.asyncio
    async def test_is_shown_by_limits(self, caller: Caller) -> None:
        await caller.call("GET", "sobjects")

        limits = (await caller.call("GET", "limits")).json()
        assert limits["DailyApiRequests"] == {"Max": 5_000_000, "Remaining": 4_999_998}
        assert limits["DailyDeliveredPlatformEvents"]["Max"] > 0

    @pytest.mark.asyncio
    async def test_over_the_allowance_is_refused(self) -> None:
        async with Caller(create_emulator(EmulatorSettings(daily_api_requests=2))) as caller:
            answers = [await caller.call("GET", "limits") for _ in range(3)]

        assert [answer.status_code for answer in answers] == [200, 200, 403]
        assert error_of(answers[2]) == {
            "errorCode": "REQUEST_LIMIT_EXCEEDED",
            "message": "TotalRequests Limit exceeded.",
        }


class TestFuzz:
    @pytest.mark.asyncio
    async def test_never_finds_a_defect(self, caller: Caller) -> None:
        """Odd values in every place of a body answer with a refusal and never with UNKNOWN_EXCEPTION."""
        odd = [
            None,
            True,
            0,
            -1,
            1e308,
            "",
            "x",
            "@{a.b}",
            "\u0000",
            [],
            [None],
            {},
            {"attributes": None},
            {"a": {}},
        ]
        bodies = [
            *odd,
            *({name: value} for name in ("Name", "records", "ids", "compositeRequest") for value in odd),
        ]
        bodies += [{"batchRequests": [{"method": "PATCH", "url": value}]} for value in odd]
        bodies += [
            {"compositeRequest": [{"method": "GET", "url": value, "referenceId": "r"}]} for value in odd
        ]
        bodies += [{"records": [{"attributes": value, "Id": value}]} for value in odd]
        targets = [
            ("POST", "sobjects/Account"),
            ("PATCH", "sobjects/Account/Portal_Customer_Id__c/x"),
            ("POST", "composite"),
            ("POST", "composite/batch"),
            ("POST", "composite/sobjects"),
            ("PATCH", "composite/sobjects"),
            ("PATCH", "composite/sobjects/Account/Portal_Customer_Id__c"),
            ("POST", "composite/sobjects/Account"),
        ]

        caller.emulator.faults.upsert_window_s = 1e-9
        for method, path in targets:
            for body in bodies:
                headers = {"Content-Type": "application/json"}
                answer = await caller.call(method, path, content=msgspec.json.encode(body), headers=headers)
                assert answer.status_code < 500, (method, path, body, answer.text)
                assert "UNKNOWN_EXCEPTION" not in answer.text
