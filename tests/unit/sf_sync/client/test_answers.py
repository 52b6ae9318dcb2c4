"""What raw answers mean: documented errors, pages of the edge, halves and nonsense."""

import msgspec
import pytest

from sf_sync.client.answers import is_half_done, pair_rows, parse_answer, parse_page
from sf_sync.client.refusals import find_failure, parse_refusal
from sf_sync.client.wire import (
    Answer,
    RawAnswer,
    SubAnswer,
    Subrequest,
    escape_references,
    find_sub_answers,
)
from sf_sync.errors import (
    AnswerMalformed,
    DuplicateValue,
    NotFound,
    OutcomeUnknown,
    RequestLimitReached,
    RowLocked,
    SalesforceError,
    SalesforceRefused,
    SalesforceUnavailable,
    ServerFault,
    SessionExpired,
    TransactionHalted,
)

HTML = b"<!DOCTYPE html><html><title>Down for maintenance</title></html>"
EXISTING = "500p00000000abcAAA"


def make_raw(status: int, content: bytes | object = b"") -> RawAnswer:
    encoded = content if isinstance(content, bytes) else msgspec.json.encode(content)
    return RawAnswer(status=status, headers={}, content=encoded)


def make_error(code: str, message: str = "", **more: object) -> list[dict[str, object]]:
    return [{"errorCode": code, "message": message, **more}]


REFUSALS = [
    (400, make_error("INVALID_FIELD"), SalesforceRefused),
    (400, make_error("UNABLE_TO_LOCK_ROW"), RowLocked),
    (400, make_error("DUPLICATE_VALUE"), DuplicateValue),
    (401, make_error("INVALID_SESSION_ID"), SessionExpired),
    (403, make_error("REQUEST_LIMIT_EXCEEDED", "TotalRequests Limit exceeded."), RequestLimitReached),
    (403, make_error("INSUFFICIENT_ACCESS_OR_READONLY"), SalesforceRefused),
    (404, make_error("NOT_FOUND"), NotFound),
    (404, make_error("ENTITY_IS_DELETED", fields=[]), NotFound),
    (404, b"", NotFound),
    (412, make_error("PRECONDITION_FAILED"), SalesforceRefused),
    (
        300,
        ["/services/data/v66.0/sobjects/Case/500A", "/services/data/v66.0/sobjects/Case/500B"],
        SalesforceRefused,
    ),
    (500, make_error("UNKNOWN_EXCEPTION", "ErrorId: 1"), ServerFault),
    (503, make_error("SERVER_UNAVAILABLE"), SalesforceUnavailable),
    (420, HTML, SalesforceUnavailable),
    (429, b"", SalesforceUnavailable),
    (400, HTML, SalesforceUnavailable),
    (400, make_error("SOME_NEW_CODE"), SalesforceRefused),
    (400, b"[]", SalesforceRefused),
    (400, b"{}", SalesforceRefused),
    (400, b"null", SalesforceRefused),
    (400, b'"text"', SalesforceRefused),
    (400, b"[1, null, [2]]", SalesforceRefused),
    (400, [{"errorCode": 7, "message": ["x"], "fields": "Name"}], SalesforceRefused),
    (400, [{"errorCode": "x" * 500, "message": "m"}], SalesforceRefused),
    (400, [{"statusCode": "DUPLICATE_VALUE", "message": "m", "fields": [1, None]}], DuplicateValue),
    (301, b"", AnswerMalformed),
    (302, HTML, AnswerMalformed),
]

SAYS_NOTHING = [
    (200, HTML),
    (200, b'{"compositeResponse":[{"body":'),
    (200, b"\xff\xfe"),
    (200, b"[" * 20_000),
    (201, b"NaN"),
    (500, b""),
    (500, HTML),
    (502, HTML),
    (503, HTML),
    (503, b"{}"),
    (504, b"gateway timeout"),
]


class TestRefusal:
    @pytest.mark.parametrize("idempotent", [True, False])
    @pytest.mark.parametrize(("status", "content", "kind"), REFUSALS)
    def test_has_one_meaning(
        self, status: int, content: object, kind: type[SalesforceError], idempotent: bool
    ) -> None:
        assert type(parse_answer(make_raw(status, content), idempotent=idempotent)) is kind

    def test_keeps_code_message_and_fields(self) -> None:
        refusal = parse_refusal(400, make_error("STRING_TOO_LONG", "too long", fields=["Name"]))

        assert isinstance(refusal, SalesforceRefused)
        assert (refusal.code, refusal.message, refusal.fields) == ("STRING_TOO_LONG", "too long", ("Name",))

    @pytest.mark.parametrize(
        ("message", "existing_id"),
        [
            (f"duplicate value found: X__c duplicates value on record with id: {EXISTING}", EXISTING),
            (f"duplicate value found: X__c duplicates value on record with id: {EXISTING[:15]}", EXISTING),
            ("duplicate value found: X__c duplicates value on record with id: 500p00000000abcAAZ", None),
            ("duplicate value found: <unknown> duplicates value on record with id: <unknown>", None),
            ("", None),
        ],
    )
    def test_finds_the_record_that_has_the_value(self, message: str, existing_id: str | None) -> None:
        refusal = parse_refusal(400, make_error("DUPLICATE_VALUE", message))

        assert isinstance(refusal, DuplicateValue)
        assert refusal.existing_id == existing_id

    @pytest.mark.parametrize(
        ("message", "concurrent"),
        [
            ("TotalRequests Limit exceeded.", False),
            ("ConcurrentRequests (Concurrent API Requests) Limit exceeded.", True),
            ("ConcurrentPerOrgLongTxn Limit exceeded.", True),
        ],
    )
    def test_tells_the_two_limits_apart(self, message: str, concurrent: bool) -> None:
        refusal = parse_refusal(403, make_error("REQUEST_LIMIT_EXCEEDED", message))

        assert isinstance(refusal, RequestLimitReached)
        assert refusal.concurrent is concurrent


class TestAnswerThatSaysNothing:
    @pytest.mark.parametrize(("status", "content"), SAYS_NOTHING)
    def test_leaves_a_write_unknown(self, status: int, content: bytes) -> None:
        assert type(parse_answer(make_raw(status, content), idempotent=False)) is OutcomeUnknown

    @pytest.mark.parametrize(("status", "content"), SAYS_NOTHING)
    def test_is_an_outage_for_a_read(self, status: int, content: bytes) -> None:
        assert type(parse_answer(make_raw(status, content), idempotent=True)) is SalesforceUnavailable


class TestSuccess:
    @pytest.mark.parametrize(
        ("status", "content", "body"), [(204, b"", None), (200, b" [1] ", [1]), (201, b"{}", {})]
    )
    def test_carries_its_json(self, status: int, content: bytes, body: object) -> None:
        answer = parse_answer(make_raw(status, content), idempotent=False)

        assert isinstance(answer, Answer)
        assert answer.body == body


class TestQueryPage:
    @pytest.mark.parametrize(
        "body",
        [
            None,
            [],
            {},
            {"done": True},
            {"done": True, "records": None},
            {"done": True, "records": {}},
            {"done": True, "records": [None]},
            {"done": True, "records": ["001"]},
            {"done": False, "records": []},
            {"done": False, "records": [], "nextRecordsUrl": 7},
            {"done": "yes", "records": []},
        ],
    )
    def test_of_another_shape_is_refused(self, body: object) -> None:
        with pytest.raises(AnswerMalformed):
            parse_page(body)


class TestRowsById:
    IDS = ("001p00000000aaaAAA", "001p00000000bbbAAA")

    def test_come_back_under_their_id(self) -> None:
        row = {"Id": self.IDS[0]}

        assert pair_rows(self.IDS, [row, None]) == {self.IDS[0]: row, self.IDS[1]: None}

    @pytest.mark.parametrize(
        "body",
        [
            None,
            {},
            [],
            [None],
            [None, None, None],
            [{"Id": "001p00000000bbbAAA"}, {"Id": "001p00000000aaaAAA"}],
            [{"Id": "001p00000000zzzAAA"}, None],
            [{"Id": "001p00000000aaa"}, None],
            [{}, None],
            ["001p00000000aaaAAA", None],
        ],
    )
    def test_are_refused_when_another_record_is_among_them(self, body: object) -> None:
        with pytest.raises(AnswerMalformed):
            pair_rows(self.IDS, body)


STEPS = (
    Subrequest(method="GET", path="query?q=x", reference_id="guard"),
    Subrequest(method="PATCH", path="sobjects/Case/X__c/1", reference_id="case"),
)
HALT = make_error("PROCESSING_HALTED")


def make_step(reference_id: str, status: int, body: object = None) -> dict[str, object]:
    return {"referenceId": reference_id, "httpStatusCode": status, "httpHeaders": {}, "body": body}


class TestComposite:
    def test_answers_in_the_order_of_its_steps(self) -> None:
        body = {"compositeResponse": [make_step("case", 201), make_step("guard", 200)]}

        answers = find_sub_answers(body, STEPS)

        assert answers is not None
        assert [(answer.reference_id, answer.status) for answer in answers] == [("guard", 200), ("case", 201)]

    @pytest.mark.parametrize(
        "rows",
        [
            None,
            [],
            [make_step("guard", 200)],
            [make_step("guard", 200), make_step("guard", 200)],
            [make_step("guard", 200), make_step("other", 200)],
            [make_step("guard", 200), make_step("case", 200), make_step("extra", 200)],
            [make_step("guard", 200), {"referenceId": "case"}],
            [make_step("guard", 200), None],
            [make_step("guard", 200), {"referenceId": ["case"], "httpStatusCode": 200}],
        ],
    )
    def test_is_not_read_unless_each_step_has_its_answer(self, rows: object) -> None:
        assert find_sub_answers({"compositeResponse": rows}, STEPS) is None

    @pytest.mark.parametrize("body", [None, [], "x", 7, {}])
    def test_is_not_read_from_another_shape(self, body: object) -> None:
        assert find_sub_answers(body, STEPS) is None

    @pytest.mark.parametrize(
        ("guard", "case", "kind"),
        [
            ((200, {}), (201, {}), type(None)),
            ((400, HALT), (400, HALT), TransactionHalted),
            ((200, {}), (400, HALT), TransactionHalted),
            ((400, HALT), (400, make_error("STRING_TOO_LONG")), SalesforceRefused),
            ((400, HALT), (400, make_error("UNABLE_TO_LOCK_ROW")), RowLocked),
            ((400, HALT), (400, make_error("DUPLICATE_VALUE")), DuplicateValue),
            ((400, HALT), (503, make_error("SERVER_UNAVAILABLE")), SalesforceUnavailable),
            ((200, {}), (300, ["a", "b"]), SalesforceRefused),
            ((400, None), (400, HALT), SalesforceRefused),
        ],
    )
    def test_fails_for_the_step_with_an_error_of_its_own(
        self, guard: tuple[int, object], case: tuple[int, object], kind: type[object]
    ) -> None:
        answers = [
            SubAnswer(reference_id="guard", status=guard[0], body=guard[1]),
            SubAnswer(reference_id="case", status=case[0], body=case[1]),
        ]

        assert type(find_failure(answers)) is kind

    def test_that_wrote_a_half_is_not_believed(self) -> None:
        answers = [
            SubAnswer(reference_id="guard", status=400, body=HALT),
            SubAnswer(reference_id="case", status=201, body={}),
        ]

        assert is_half_done(STEPS, answers)


class TestReferences:
    @pytest.mark.parametrize(
        ("text", "escaped"),
        [
            ("@{guard.records[0].Id}", "@ {guard.records[0].Id}"),
            ("@@{x}@{y}", "@@ {x}@ {y}"),
            ("a@b.example {x}", "a@b.example {x}"),
            ("", ""),
        ],
    )
    def test_in_a_customers_text_lose_their_meaning(self, text: str, escaped: str) -> None:
        assert escape_references(text) == escaped
        assert "@{" not in escape_references(text)
