"""The port."""

from abc import ABC, abstractmethod
from enum import StrEnum

import msgspec


class SmsOutcome(StrEnum):
    """What is known of a message after it was handed over.

    `unknown`: it may have left, so whoever sends again may send twice. `refused`: this number takes none.
    `unavailable`: it did not leave, and it is not the number's fault.
    """

    SENT = "sent"
    UNKNOWN = "unknown"
    REFUSED = "refused"
    UNAVAILABLE = "unavailable"


class Sms(msgspec.Struct, frozen=True):
    """`to` is E.164. The repr tells neither, so that no trace or failed assertion does."""

    to: str
    text: str

    def __repr__(self) -> str:
        return "Sms(…)"

    __str__ = __repr__


class SmsSender(ABC):
    """One per process; opened and closed with it. Sends a message once and never repeats it by itself."""

    async def open(self) -> None:  # noqa: B027 – most have nothing to open
        pass

    async def close(self) -> None:  # noqa: B027
        pass

    @abstractmethod
    async def send(self, message: Sms) -> SmsOutcome:
        """Every failure is an outcome; nothing is raised."""
