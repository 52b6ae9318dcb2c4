"""Which sender the settings ask for."""

from bff.settings import SmsSettings
from bff.sms.console import ConsoleSms
from bff.sms.sender import SmsSender
from bff.sms.twilio import TwilioSms


def make_sms_sender(settings: SmsSettings) -> SmsSender | None:
    """None where no messages are sent."""
    if settings.twilio is not None:
        return TwilioSms(settings.twilio, timeout_s=settings.timeout_s)
    return ConsoleSms() if settings.console else None
