from pathlib import Path

import pytest

from bff.settings import SettingsError, SmsSettings, read_settings
from bff.settings.example import format_env_example
from bff.settings.variables import VARIABLES

ENVIRON = {
    "BFF_ENV": "development",
    "BFF_SECRET_KEY": "k" * 40,
    "BFF_DOCUMENT_KEYS": f"k1:{'A' * 43}=",
    "DATABASE_URL": "postgresql://app:pw@localhost/portal",
    "REDIS_URL": "redis://localhost:6379",
    "SALESFORCE_URL": "http://localhost:8100",
    "SALESFORCE_CLIENT_ID": "portal-bff",
    "SALESFORCE_CLIENT_SECRET": "hidden-client-secret",
}
PRODUCTION = ENVIRON | {
    "BFF_ENV": "production",
    "BFF_PUBLIC_URL": "https://portal.example",
    "BFF_CODE_PEPPER": "p" * 40,
}
TWILIO = {
    "SMS_SENDER": "twilio",
    "TWILIO_ACCOUNT_SID": "AC" + "0" * 32,
    "TWILIO_AUTH_TOKEN": "hidden-twilio-token",
    "TWILIO_SENDER": "+15005550006",
}
ROOT = Path(__file__).parents[4]


def mistakes_of(environ: dict[str, str]) -> list[str]:
    with pytest.raises(SettingsError) as refusal:
        read_settings(environ)
    return refusal.value.mistakes


class TestReadSettings:
    def test_reads_what_is_given_and_fills_in_the_rest(self) -> None:
        settings = read_settings(ENVIRON | {"SESSION_IDLE_S": "60"})

        assert settings.is_development
        assert settings.identity.session_idle_s == 60
        assert settings.identity.session_absolute_s == 43200
        assert settings.database.owner_url == ENVIRON["DATABASE_URL"]
        assert settings.feed.poll_interval_s == 10.0

    def test_tells_every_mistake_at_once(self) -> None:
        told = mistakes_of({"BFF_SECRET_KEY": "short", "LOG_LEVEL": "loud", "SESSION_IDLE_S": "-1"})

        for name in (
            "BFF_SECRET_KEY",
            "LOG_LEVEL",
            "SESSION_IDLE_S",
            "DATABASE_URL",
            "REDIS_URL",
            "SALESFORCE_URL",
        ):
            assert sum(line.startswith(name) for line in told) == 1, name

    def test_never_repeats_what_was_given(self) -> None:
        told = "\n".join(
            mistakes_of(ENVIRON | {"BFF_SECRET_KEY": "canary-17", "DATABASE_URL": "mysql://u:canary-18@h"})
        )

        assert "canary" not in told

    @pytest.mark.parametrize(
        "missing",
        [
            "BFF_SECRET_KEY",
            "BFF_DOCUMENT_KEYS",
            "BFF_CODE_PEPPER",
            "DATABASE_URL",
            "REDIS_URL",
            "SALESFORCE_URL",
            "SALESFORCE_CLIENT_SECRET",
        ],
    )
    def test_refuses_to_start_in_production_without(self, missing: str) -> None:
        told = mistakes_of({name: value for name, value in PRODUCTION.items() if name != missing})

        assert len(told) == 1
        assert missing in told[0]

    @pytest.mark.parametrize(
        ("name", "value"),
        [
            ("BFF_ENV", "staging"),
            ("BFF_PUBLIC_URL", "http://portal.example"),
            ("BFF_PUBLIC_URL", "https://portal.example/path"),
            ("SALESFORCE_URL", "http://example.my.salesforce.com"),
            ("SALESFORCE_URL", "https://user@example.my.salesforce.com"),
            ("SALESFORCE_PRIVATE_KEY_FILE", "/nowhere/key.pem"),
            ("SALESFORCE_API_VERSION", "latest"),
            ("SALESFORCE_TIMEOUT_S", "soon"),
            ("SALESFORCE_FIELD_ELIGIBILITY_STATUS", "Status; DROP"),
            ("SALESFORCE_PUBSUB_TARGET", "localhost"),
            ("SALESFORCE_PUBSUB_TLS", "maybe"),
            ("TRUSTED_PROXY_HOPS", "one"),
            ("DATABASE_URL", "sqlite:///portal.db"),
            ("REDIS_URL", "memcached://localhost"),
            ("BFF_WEB_WORKERS", "0"),
            ("BFF_DOCUMENT_KEYS", "k1"),
            ("BFF_DOCUMENT_KEYS", "k1:not base64!"),
            ("BFF_DOCUMENT_KEYS", "k1:c2hvcnQ="),
            ("CLAMD_ADDRESS", "scanner"),
            ("UPLOADS_PER_DAY", "0"),
            ("BFF_CODE_PEPPER", "short"),
            ("BFF_FIXED_CODE", "12345"),
            ("BFF_FIXED_CODE", "１２３４５６"),
            ("SMS_SENDER", "pigeon"),
            ("TWILIO_ACCOUNT_SID", "AC/../../x"),
            ("TWILIO_URL", "http://api.twilio.example"),
        ],
    )
    def test_refuses(self, name: str, value: str) -> None:
        told = mistakes_of(ENVIRON | {name: value})

        assert len(told) == 1
        assert name in told[0]

    def test_wants_https_in_production(self) -> None:
        told = mistakes_of(PRODUCTION | {"BFF_PUBLIC_URL": "http://localhost:8000"})

        assert told == ["BFF_PUBLIC_URL must be https when BFF_ENV is production"]

    def test_is_production_unless_told_otherwise(self) -> None:
        environ = {name: value for name, value in PRODUCTION.items() if name != "BFF_ENV"}

        assert not read_settings(environ).is_development


class TestMessages:
    @pytest.mark.parametrize(("name", "value"), [("SMS_SENDER", "console"), ("BFF_FIXED_CODE", "000000")])
    def test_of_development_are_refused_outside_it(self, name: str, value: str) -> None:
        told = mistakes_of(PRODUCTION | {name: value})

        assert len(told) == 1
        assert told[0].startswith(f"{name} ")
        assert not told[0].endswith(value)
        assert read_settings(ENVIRON | {name: value}).is_development

    def test_with_a_malformed_pepper_are_refused_once(self) -> None:
        told = mistakes_of(PRODUCTION | {"BFF_CODE_PEPPER": "short"})

        assert told == ["BFF_CODE_PEPPER must have at least 32 characters"]

    def test_go_to_the_console_in_development_and_nowhere_in_production(self) -> None:
        assert read_settings(ENVIRON).sms.console
        assert read_settings(PRODUCTION).sms == SmsSettings()

    def test_go_through_twilio_when_all_of_it_is_known(self) -> None:
        sms = read_settings(PRODUCTION | TWILIO).sms

        assert sms.twilio is not None
        assert not sms.console

    @pytest.mark.parametrize("missing", ["TWILIO_ACCOUNT_SID", "TWILIO_AUTH_TOKEN", "TWILIO_SENDER"])
    def test_need_all_of_twilio(self, missing: str) -> None:
        told = mistakes_of(PRODUCTION | TWILIO | {missing: ""})

        assert len(told) == 1
        assert told[0].startswith(f"{missing} ")


class TestEnvExample:
    def test_is_what_the_table_of_variables_says(self) -> None:
        written = (ROOT / ".env.example").read_text()

        assert written == format_env_example(), "write it anew: python -m bff.settings > .env.example"

    def test_gives_no_secret_a_value(self) -> None:
        assert [variable.name for variable in VARIABLES if variable.secret and variable.default] == []

    def test_names_every_variable_that_the_code_reads(self) -> None:
        """Settings are read through the table; whoever asks the environment himself must be in it too."""
        read_elsewhere = {
            line.split('environ.get("')[1].split('"')[0]
            for package in ("bff", "sf_sync", "cache")
            for path in (ROOT / package).rglob("*.py")
            for line in path.read_text().splitlines()
            if 'environ.get("' in line
        }

        assert read_elsewhere - {variable.name for variable in VARIABLES} == set()
