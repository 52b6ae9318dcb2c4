"""Text messages and one-time codes: how their variables hang together."""

from typing import Any

from bff.settings.model import CodeSettings, Environment, SmsSettings, TwilioSettings

CONSOLE, TWILIO = "console", "twilio"
_OF_TWILIO = ("TWILIO_ACCOUNT_SID", "TWILIO_AUTH_TOKEN", "TWILIO_SENDER")


def find_message_mistakes(values: dict[str, Any]) -> list[str]:
    """What would let anybody in, or let nobody get a code."""
    mistakes = []
    if values["BFF_ENV"] == Environment.PRODUCTION:
        mistakes += _find_leftovers_of_development(values)
    if values["SMS_SENDER"] == TWILIO:
        mistakes += [f"{name} is missing for SMS_SENDER twilio" for name in _OF_TWILIO if not values[name]]
    return mistakes


def _find_leftovers_of_development(values: dict[str, Any]) -> list[str]:
    mistakes = []
    if values["SMS_SENDER"] == CONSOLE:
        mistakes.append(
            "SMS_SENDER console works in development only: it shows codes to whoever reads the output"
        )
    if values["BFF_FIXED_CODE"]:
        mistakes.append("BFF_FIXED_CODE works in development only: with it everybody knows every code")
    if not values["BFF_CODE_PEPPER"]:
        mistakes.append("BFF_CODE_PEPPER is missing: without it a copy of the database tells every code")
    return mistakes


def make_code_settings(values: dict[str, Any]) -> CodeSettings:
    return CodeSettings(
        pepper=values["BFF_CODE_PEPPER"],
        fixed_code=values["BFF_FIXED_CODE"],
        per_org_per_hour=values["CODES_PER_ORG_PER_HOUR"],
    )


def make_sms_settings(values: dict[str, Any]) -> SmsSettings:
    """Development shows messages on the console unless it is told otherwise."""
    chosen = values["SMS_SENDER"]
    is_development = values["BFF_ENV"] == Environment.DEVELOPMENT
    return SmsSettings(
        console=chosen == CONSOLE or (chosen is None and is_development),
        twilio=_make_twilio_settings(values) if chosen == TWILIO else None,
        timeout_s=values["SMS_TIMEOUT_S"],
    )


def _make_twilio_settings(values: dict[str, Any]) -> TwilioSettings:
    return TwilioSettings(
        account_sid=values["TWILIO_ACCOUNT_SID"],
        auth_token=values["TWILIO_AUTH_TOKEN"],
        sender=values["TWILIO_SENDER"],
        url=values["TWILIO_URL"],
    )
