"""Messages through Twilio's REST API (resource Message, version 2010-04-01).

No call is repeated: Twilio has no idempotency key for messages, so a repetition after a lost answer would be a second
message.
"""

import httpx
import structlog

from bff.settings import TwilioSettings
from bff.sms.sender import Sms, SmsOutcome, SmsSender

MESSAGING_SERVICE = "MG"
"""What the ids of messaging services begin with; any other sender is a number or a name."""
OUR_FAULT = frozenset({401, 403, 404})
"""Wrong credentials, a suspended account, an unknown account."""

log = structlog.get_logger(__name__)


class TwilioSms(SmsSender):
    """`transport` leads the calls elsewhere, in tests."""

    def __init__(
        self, settings: TwilioSettings, *, timeout_s: float, transport: httpx.AsyncBaseTransport | None = None
    ) -> None:
        self._client = httpx.AsyncClient(
            base_url=settings.url,
            auth=(settings.account_sid, settings.auth_token),
            timeout=timeout_s,
            follow_redirects=False,
            transport=transport,
        )
        self._path = f"/2010-04-01/Accounts/{settings.account_sid}/Messages.json"
        is_service = settings.sender.startswith(MESSAGING_SERVICE)
        self._sender = {"MessagingServiceSid" if is_service else "From": settings.sender}

    async def close(self) -> None:
        await self._client.aclose()

    async def send(self, message: Sms) -> SmsOutcome:
        fields = {**self._sender, "To": message.to, "Body": message.text}
        try:
            answer = await self._client.post(self._path, data=fields)
        except (httpx.ConnectError, httpx.ConnectTimeout, httpx.PoolTimeout) as error:
            return _tell(SmsOutcome.UNAVAILABLE, error=type(error).__name__)
        except httpx.HTTPError as error:
            return _tell(SmsOutcome.UNKNOWN, error=type(error).__name__)
        outcome = judge(answer.status_code)
        return outcome if outcome is SmsOutcome.SENT else _tell(outcome, status=answer.status_code)


def judge(status: int) -> SmsOutcome:
    """What an answer says of the message. A failure on Twilio's side may have come after the message left."""
    if 200 <= status < 300:
        return SmsOutcome.SENT
    if status == 429 or status in OUR_FAULT:
        return SmsOutcome.UNAVAILABLE
    return SmsOutcome.REFUSED if 400 <= status < 500 else SmsOutcome.UNKNOWN


def _tell(outcome: SmsOutcome, **fields: str | int) -> SmsOutcome:
    """Neither the number nor Twilio's own words, which repeat it."""
    write = log.error if fields.get("status") in OUR_FAULT else log.warning
    write("sms_not_confirmed", state=outcome.value, **fields)
    return outcome
