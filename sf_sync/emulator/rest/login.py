"""The paths around a session: `/services/oauth2/…`, `/id/…`, and the retired SOAP login."""

from collections.abc import Mapping

from sf_sync.emulator.refusals import no_such_resource
from sf_sync.emulator.rest.context import Context
from sf_sync.emulator.rest.http_call import HttpCall
from sf_sync.emulator.rest.messages import ApiAnswer, answer_refusal, parse_params
from sf_sync.emulator.rest.oauth import TokenEndpoint, describe_identity, describe_user
from sf_sync.emulator.sessions import Session

_FORM = "application/x-www-form-urlencoded"
_SOAP_FAULT = (
    b'<?xml version="1.0" encoding="UTF-8"?>'
    b'<soapenv:Envelope xmlns:soapenv="http://schemas.xmlsoap.org/soap/envelope/" '
    b'xmlns:sf="urn:fault.partner.soap.sforce.com"><soapenv:Body><soapenv:Fault>'
    b"<faultcode>sf:INVALID_OPERATION</faultcode><faultstring>INVALID_OPERATION: SOAP API login() is disabled by "
    b"default in this org.</faultstring><detail><sf:LoginFault><sf:exceptionCode>INVALID_OPERATION</sf:exceptionCode>"
    b"<sf:exceptionMessage>SOAP API login() is disabled by default in this org.</sf:exceptionMessage></sf:LoginFault>"
    b"</detail></soapenv:Fault></soapenv:Body></soapenv:Envelope>"
)
_BAD_TOKEN = ApiAnswer(
    status=403, body=b"Bad_OAuth_Token", headers={"Content-Type": "text/html; charset=UTF-8"}
)


class Login:
    """Answers the calls that make, end or describe a session."""

    def __init__(self, context: Context) -> None:
        self._context = context
        self._tokens = TokenEndpoint(context.org, context.sessions, context.settings)

    def answer(self, call: HttpCall, segments: list[str]) -> ApiAnswer:
        """`segments` is the whole path. Tokens name the address that the caller reached us by as their instance."""
        match (call.method, *segments):
            case ("POST", "services", "oauth2", "token"):
                return self._tokens.issue(
                    _read_form(call), call.headers.get("authorization", ""), call.base_url
                )
            case ("GET" | "POST", "services", "oauth2", "userinfo"):
                return self._describe_user(call)
            case ("GET" | "POST", "services", "oauth2", "revoke"):
                return self._revoke({**parse_params(call.query), **_read_form(call)})
            case ("GET", "id", org_id, user_id):
                return self._describe_identity(call, org_id, user_id)
            case ("POST", "services", "Soap", *_):
                return ApiAnswer(
                    status=500, body=_SOAP_FAULT, headers={"Content-Type": "text/xml; charset=UTF-8"}
                )
        return answer_refusal(no_such_resource())

    def _revoke(self, form: Mapping[str, str]) -> ApiAnswer:
        if self._context.sessions.revoke(form.get("token", "")):
            return ApiAnswer(status=200)
        body = {"error": "unsupported_token_type", "error_description": "this token type is not supported"}
        return ApiAnswer(status=400, body=body)

    def _describe_user(self, call: HttpCall) -> ApiAnswer:
        session = self._find_session(call)
        if session is None:
            return _BAD_TOKEN
        return ApiAnswer(body=describe_user(self._context.org, session, call.base_url))

    def _describe_identity(self, call: HttpCall, org_id: str, user_id: str) -> ApiAnswer:
        session = self._find_session(call)
        if session is None:
            return _BAD_TOKEN
        if (org_id, user_id) != (self._context.org.org_id, session.user_id):
            return answer_refusal(no_such_resource())
        return ApiAnswer(body=describe_identity(self._context.org, session, call.base_url))

    def _find_session(self, call: HttpCall) -> Session | None:
        return None if call.token is None else self._context.sessions.find(call.token)


def _read_form(call: HttpCall) -> dict[str, str]:
    if call.headers.get("content-type", "").partition(";")[0].strip().lower() != _FORM:
        return {}
    return parse_params(call.body.decode("utf-8", "replace"))
