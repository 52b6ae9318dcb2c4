"""Messages on the terminal, for development."""

import sys
from typing import TextIO

from bff.sms.sender import Sms, SmsOutcome, SmsSender


class ConsoleSms(SmsSender):
    """Writes each message to a stream instead of sending it. The settings refuse it outside development."""

    def __init__(self, stream: TextIO | None = None) -> None:
        self._stream = stream or sys.stderr

    async def send(self, message: Sms) -> SmsOutcome:
        self._stream.write(f"SMS to a number that ends in {message.to[-2:]}: {message.text}\n")
        self._stream.flush()
        return SmsOutcome.SENT
