import io

import pytest

from bff.settings import SmsSettings, TwilioSettings
from bff.sms import Sms, SmsOutcome
from bff.sms.choosing import make_sms_sender
from bff.sms.console import ConsoleSms
from bff.sms.twilio import TwilioSms


class TestSender:
    @pytest.mark.asyncio
    async def test_is_the_one_that_the_settings_ask_for(self) -> None:
        twilio = TwilioSettings(account_sid="AC1", auth_token="t", sender="MG1", url="https://x.example")
        chosen = make_sms_sender(SmsSettings(twilio=twilio))

        assert isinstance(chosen, TwilioSms)
        await chosen.close()
        assert isinstance(make_sms_sender(SmsSettings(console=True)), ConsoleSms)
        assert make_sms_sender(SmsSettings()) is None

    @pytest.mark.asyncio
    async def test_of_development_shows_the_message_and_not_the_number(self) -> None:
        stream = io.StringIO()
        outcome = await ConsoleSms(stream).send(Sms("+819012345678", "123456 is your code"))

        assert outcome is SmsOutcome.SENT
        assert stream.getvalue() == "SMS to a number that ends in 78: 123456 is your code\n"
