"""The words that a code travels in."""

from bff.sms.segments import is_one_message
from bff.texts import N_, Texts

# Short: a message holds 70 signs as soon as one of them, be it in the org's name, is outside the GSM alphabet.
MESSAGE = N_("%(code)s is your %(org)s code, good for 5 minutes. Tell nobody.")


def write_message(texts: Texts, *, code: str, org: str) -> str:
    """One SMS whatever the org is called: a name that is too long for it loses its end, the sentence nothing."""
    names = (org[:length].rstrip() for length in range(len(org), 0, -1))
    messages = (texts.say(MESSAGE, code=code, org=name) for name in names)
    return next(filter(is_one_message, messages), code)
