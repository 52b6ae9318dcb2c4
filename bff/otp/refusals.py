"""Why no code is sent, or a code is not taken. None of them depends on whether the number is known to anybody."""

from bff.errors import PortalError, Problem
from bff.texts import N_


class PhoneNotAllowed(PortalError):
    """Not a mobile number, or of a country that the org does not send to."""

    status = 422
    code = "phone_not_allowed"
    detail = N_("A code cannot be sent to this number. Please use a mobile number.")


class PhoneNotReachable(PortalError):
    """The sender of messages says so."""

    status = 422
    code = "phone_not_reachable"
    detail = N_("This number does not take messages. Please use another one.")


class TooManyCodes(PortalError):
    """Of this number, its neighbours, the caller, the network or the org: which one is not told."""

    status = 429
    code = "too_many_codes"
    detail = N_("A code was sent a short time ago. Please wait before you ask for another one.")


class CodesPaused(PortalError):
    """Most of the latest codes to numbers like this one were never entered."""

    status = 503
    code = "codes_paused"
    detail = N_("Codes cannot be sent to this number at the moment. Please try again later.")


class CodeNotSent(PortalError):
    """The sender of messages is away, or there is none."""

    status = 503
    code = "code_not_sent"
    detail = N_("The code could not be sent. Please try again shortly.")


class WrongCode(Problem, frozen=True, kw_only=True, rename="camel", omit_defaults=True):
    """`triesLeft` comes with `code_wrong` and is at least 1: a code that is used up is `code_expired`."""

    tries_left: int | None = None


class CodeWrong(PortalError):
    status = 422
    code = "code_wrong"
    detail = N_("This is not the code that was sent. Please check it and try again.")

    def __init__(self, tries_left: int) -> None:
        super().__init__()
        self.tries_left = tries_left

    def extend(self, problem: Problem) -> Problem:
        fields = {name: getattr(problem, name) for name in Problem.__struct_fields__}
        return WrongCode(**fields, tries_left=self.tries_left)


class CodeExpired(PortalError):
    """There is no code that could be entered now: never sent, too old, used, used up or replaced."""

    status = 422
    code = "code_expired"
    detail = N_("This code can no longer be used. Please ask for a new one.")
