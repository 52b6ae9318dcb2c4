"""The paths around a session: `/services/oauth2/…`, `/id/…`, and the retired SOAP login."""

from collections.abc import Mapping
from urllib.parse import parse_qsl

from sf_sync.emulator.refusals import no_such_resource
from sf_sync.emulator.rest.context import Context
from sf_sync.emulator.rest.messages import ApiAnswer, answer_refusal
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

    def answer(
        self,
        method: str,
        segments: list[str],
        headers: Mapping[str, str],
        query: str,
        body: bytes,
        base_url: str,
    ) -> ApiAnswer:
        """`segments` is the whole path; `base_url` is what the caller reached us by."""
        match (method, *segments):
            case ("POST", "services", "oauth2", "token"):
                return self._tokens.issue(
                    _read_form(headers, body), headers.get("authorization", ""), base_url
                )
            case ("GET" | "POST", "services", "oauth2", "userinfo"):
                session = self._find_session(headers)
                return (
                    _BAD_TOKEN
                    if session is None
                    else ApiAnswer(body=describe_user(self._context.org, session, base_url))
                )
            case ("GET" | "POST", "services", "oauth2", "revoke"):
                return self._revoke({**dict(parse_qsl(query)), **_read_form(headers, body)})
            case ("GET", "id", org_id, user_id):
                return self._describe_identity(headers, org_id, user_id, base_url)
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

    def _describe_identity(
        self, headers: Mapping[str, str], org_id: str, user_id: str, base_url: str
    ) -> ApiAnswer:
        session = self._find_session(headers)
        if session is None:
            return _BAD_TOKEN
        if (org_id, user_id) != (self._context.org.org_id, session.user_id):
            return answer_refusal(no_such_resource())
        return ApiAnswer(body=describe_identity(self._context.org, session, base_url))

    def _find_session(self, headers: Mapping[str, str]) -> Session | None:
        scheme, _, token = headers.get("authorization", "").partition(" ")
        return self._context.sessions.find(token.strip()) if scheme.lower() in ("bearer", "oauth") else None


def _read_form(headers: Mapping[str, str], body: bytes) -> dict[str, str]:
    if headers.get("content-type", "").partition(";")[0].strip().lower() != _FORM:
        return {}
    return dict(parse_qsl(body.decode("utf-8", "replace"), keep_blank_values=True))
