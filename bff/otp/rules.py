"""What a code is for, how it looks, and when one may be sent."""

from enum import StrEnum


class Purpose(StrEnum):
    """A code and its proof are good for this alone."""

    REGISTRATION = "registration"
    LOGIN = "login"
    VERIFICATION = "verification"
    CLAIM = "claim"
