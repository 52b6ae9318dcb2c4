"""The ASGI application of the REST side: one call from headers to journal line, with the faults on the way."""

import asyncio
import logging
import time
from uuid import uuid4

from sf_sync.emulator.asgi import ASGIApp, Receive, Scope, Send
from sf_sync.emulator.journal import Call, Journal, Outcome
from sf_sync.emulator.refusals import SalesforceRefusal, method_not_allowed, no_such_resource
from sf_sync.emulator.rest.context import Context
from sf_sync.emulator.rest.control import ControlPlane
from sf_sync.emulator.rest.http import (
    BodyTooLarge,
    BodyUnreadable,
    drop_connection,
    read_body,
    send_answer,
)
from sf_sync.emulator.rest.http_call import HttpCall, check_media_types
from sf_sync.emulator.rest.login import Login
from sf_sync.emulator.rest.messages import (
    ApiAnswer,
    ApiRequest,
    Quirks,
    answer_refusal,
    parse_params,
    split_path,
)
from sf_sync.emulator.rest.sabotage import Saboteur, distort, request_limit_exceeded, session_expired
from sf_sync.emulator.rest.upsert_window import find_absent_keys
from sf_sync.emulator.rest.versions import find_version, list_versions
from sf_sync.emulator.sessions import Session

_LOG = logging.getLogger(__name__)
MAX_URI = 16_384
"""Of the request line and all headers together."""
_LONG_URI = ApiAnswer(
    status=414,
    body=b"<h1>Bad Message 414</h1><pre>reason: URI Too Long</pre>",
    headers={"Content-Type": "text/html"},
)
_LONG_HEADERS = ApiAnswer(
    status=431,
    body=b"<h1>Bad Message 431</h1><pre>reason: Request Header Fields Too Large</pre>",
    headers={"Content-Type": "text/html"},
)


class Gateway:
    """Routes `/services` and `/id` to the API, `/emulator` to the control plane, the rest to the console."""

    def __init__(
        self, context: Context, *, journal: Journal, control: ControlPlane, console: ASGIApp
    ) -> None:
        self._context = context
        self._journal = journal
        self._control = control
        self._console = console
        self._login = Login(context)
        self._saboteur = Saboteur(context.faults)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "lifespan":
            await _run_lifespan(receive, send)
        elif scope["type"] == "http":
            await self._route(scope, receive, send)

    async def _route(self, scope: Scope, receive: Receive, send: Send) -> None:
        path = scope["path"]
        if path.startswith(("/services", "/id/")):
            await self._serve_api(HttpCall(scope), receive, send)
        elif path.startswith("/emulator"):
            await self._serve_control(HttpCall(scope), receive, send)
        else:
            await self._console(scope, receive, send)

    async def _serve_control(self, call: HttpCall, receive: Receive, send: Send) -> None:
        body = await read_body(receive, call.headers)
        segments = (split_path(call.path) or [""])[1:]
        answer = self._control.answer(call.method, segments, parse_params(call.query), body)
        await send_answer(send, answer, head_only=call.method == "HEAD")

    async def _serve_api(self, call: HttpCall, receive: Receive, send: Send) -> None:
        plan = self._saboteur.plan(call.method, call.path)
        latency_s = self._context.faults.latency_s
        try:
            call.body = await read_body(receive, call.headers)
        except (BodyTooLarge, BodyUnreadable):
            await self._finish(call, _refuse_body(), send)
            return
        await _pause(latency_s / 2)
        if plan.cut_before:
            self._record(call, 0, "", "cut_before")
            await drop_connection(call.scope, receive)
            return
        answer = plan.instead or await self._answer_safely(call, plan.quirks)
        await _pause(latency_s / 2)
        if plan.cut_after:
            self._record(call, 0, _error_code(answer), "cut_after")
            await drop_connection(call.scope, receive)
            return
        if plan.empty_body:
            answer = ApiAnswer(status=200, headers=answer.headers)
        await self._finish(call, answer, send)

    async def _finish(self, call: HttpCall, answer: ApiAnswer, send: Send) -> None:
        self._record(call, answer.status, _error_code(answer), "answered")
        await send_answer(send, answer, head_only=call.method == "HEAD")

    async def _answer_safely(self, call: HttpCall, quirks: Quirks) -> ApiAnswer:
        try:
            return await self._answer(call, quirks)
        except Exception:
            # The edge of the process: a defect of ours must look like one of theirs.
            error_id = f"{uuid4().int % 10**10}-{call.started:.0f}"
            _LOG.exception("The emulator failed at %s %s (ErrorId %s)", call.method, call.path, error_id)
            message = f"An unexpected error occurred. Please include this ErrorId if you contact support: {error_id}"
            return answer_refusal(SalesforceRefusal("UNKNOWN_EXCEPTION", message, status=500))

    async def _answer(self, call: HttpCall, quirks: Quirks) -> ApiAnswer:
        if call.size > MAX_URI:
            return _LONG_URI if len(call.path) + len(call.query) > MAX_URI // 2 else _LONG_HEADERS
        segments = split_path(call.path)
        if segments is None:
            return answer_refusal(no_such_resource())
        if segments[:2] == ["services", "data"]:
            return await self._answer_data(call, segments[2:], quirks)
        return self._login.answer(call, segments)

    async def _answer_data(self, call: HttpCall, segments: list[str], quirks: Quirks) -> ApiAnswer:
        if not segments:
            allowed = call.method in ("GET", "HEAD")
            return (
                ApiAnswer(body=list_versions())
                if allowed
                else answer_refusal(method_not_allowed(call.method, ["GET"]))
            )
        try:
            request = self._make_request(call, segments, quirks)
        except SalesforceRefusal as refusal:
            answer = answer_refusal(refusal)
        else:
            call.counted = True
            self._context.usage.count()
            answer = await self._carry_out(request)
        answer.headers = {**answer.headers, "Sforce-Limit-Info": self._context.usage.describe()}
        if answer.status == 401:
            answer.headers["WWW-Authenticate"] = "Token"
        return answer

    async def _carry_out(self, request: ApiRequest) -> ApiAnswer:
        window_s = self._context.faults.upsert_window_s
        if window_s > 0:
            request.absent_keys = find_absent_keys(self._context, request)
            if request.absent_keys:
                await _pause(window_s)
        answer = self._context.dispatch(self._context, request)
        answer.body = distort(answer.body, request.quirks, self._context.org)
        return answer

    def _make_request(self, call: HttpCall, segments: list[str], quirks: Quirks) -> ApiRequest:
        version = find_version(segments[0])
        session = self._authenticate(call)
        if version is None:
            raise no_such_resource()
        if self._context.usage.is_exhausted:
            raise request_limit_exceeded()
        check_media_types(call, segments[1:])
        return ApiRequest(
            method=call.method,
            version=version,
            segments=segments[1:],
            params=parse_params(call.query),
            session=session,
            base_url=call.base_url,
            headers=call.headers,
            body=call.body,
            content=call.read_multipart(),
            client=call.client,
            quirks=quirks,
        )

    def _authenticate(self, call: HttpCall) -> Session:
        if call.token is None:
            raise SalesforceRefusal("INVALID_AUTH_HEADER", "INVALID_HEADER_TYPE", status=401)
        session = self._context.sessions.find(call.token)
        if session is None:
            raise session_expired()
        return session

    def _record(self, call: HttpCall, status: int, error_code: str, outcome: Outcome) -> None:
        self._journal.record_call(
            Call(
                number=self._journal.last_number + 1,
                at=self._context.org.now(),
                method=call.method,
                path=call.path,
                status=status,
                client=call.client,
                error_code=error_code,
                outcome=outcome,
                counted=call.counted,
                duration_ms=(time.perf_counter() - call.started) * 1000,
            )
        )


async def _pause(seconds: float) -> None:
    if seconds > 0:
        await asyncio.sleep(seconds)


async def _run_lifespan(receive: Receive, send: Send) -> None:
    """The emulator is started and stopped by whoever made it, so there is nothing to do here."""
    while True:
        message = await receive()
        await send({"type": f"{message['type']}.complete"})
        if message["type"] == "lifespan.shutdown":
            return


def _refuse_body() -> ApiAnswer:
    message = "The request body is too large or unreadable"
    return answer_refusal(SalesforceRefusal("REQUEST_BODY_TOO_LARGE", message, status=413))


def _error_code(answer: ApiAnswer) -> str:
    match answer.body:
        case [{"errorCode": str(code)}, *_]:
            return code
        case {"error": str(code)}:
            return code
    return ""
