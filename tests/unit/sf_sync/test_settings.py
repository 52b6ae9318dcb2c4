"""Settings of the Salesforce client: each wrong variable is named in one sentence."""

from pathlib import Path

import pytest

from sf_sync.settings import (
    PRODUCTION_AUDIENCE,
    SANDBOX_AUDIENCE,
    SalesforceSettingError,
    SalesforceSettings,
    Secret,
)

SECRET_LOGIN = {
    "SALESFORCE_URL": "https://acme.my.salesforce.com",
    "SALESFORCE_CLIENT_ID": "portal-bff",
    "SALESFORCE_CLIENT_SECRET": "hush-hush",
}

WRONG = [
    ("SALESFORCE_URL", ""),
    ("SALESFORCE_URL", "acme.my.salesforce.com"),
    ("SALESFORCE_URL", "http://acme.my.salesforce.com"),
    ("SALESFORCE_URL", "https://acme.my.salesforce.com/services"),
    ("SALESFORCE_URL", "https://user@acme.my.salesforce.com"),
    ("SALESFORCE_URL", "https://acme.my.salesforce.com:port"),
    ("SALESFORCE_URL", "https://acme.my.salesforce.com?x=1"),
    ("SALESFORCE_URL", "ftp://localhost"),
    ("SALESFORCE_LOGIN_URL", "http://login.salesforce.com"),
    ("SALESFORCE_CLIENT_ID", ""),
    ("SALESFORCE_CLIENT_SECRET", ""),
    ("SALESFORCE_USERNAME", "reviewer@acme.example"),
    ("SALESFORCE_PRIVATE_KEY_FILE", "/nowhere/key.pem"),
    ("SALESFORCE_API_VERSION", "v66.0"),
    ("SALESFORCE_API_VERSION", "66"),
    ("SALESFORCE_CONCURRENCY", "0"),
    ("SALESFORCE_CONCURRENCY", "many"),
    ("SALESFORCE_CONCURRENCY", "nan"),
    ("SALESFORCE_TIMEOUT_S", "-1"),
    ("SALESFORCE_TIMEOUT_S", "inf"),
    ("SALESFORCE_FIELD_ELIGIBILITY_STATUS", "Status__c FROM User"),
    ("SALESFORCE_FIELD_ELIGIBILITY_STATUS", "Id_Verification_Status__c"),
]


class TestSalesforceSettings:
    def test_needs_little(self) -> None:
        settings = SalesforceSettings.from_env(SECRET_LOGIN)

        assert settings.url == settings.login_url == "https://acme.my.salesforce.com"
        assert settings.data_path == "/services/data/v66.0"
        assert settings.timeout_s == 2.0
        assert settings.account_fields.eligibility_case_id == "Internet_Eligibility_Case_Id__c"

    def test_takes_other_field_names(self) -> None:
        settings = SalesforceSettings.from_env(
            SECRET_LOGIN | {"SALESFORCE_FIELD_ELIGIBILITY_STATUS": "Net_Status__c"}
        )

        assert settings.account_fields.eligibility_status == "Net_Status__c"

    @pytest.mark.parametrize("url", ["http://localhost:8100", "http://127.0.0.1:8100/", "http://[::1]:8100"])
    def test_allows_plain_http_on_this_machine(self, url: str) -> None:
        settings = SalesforceSettings.from_env(SECRET_LOGIN | {"SALESFORCE_URL": url})

        assert settings.url == url.rstrip("/")

    @pytest.mark.parametrize(
        ("url", "audience"),
        [
            ("https://acme.my.salesforce.com", PRODUCTION_AUDIENCE),
            ("https://acme--uat.sandbox.my.salesforce.com", SANDBOX_AUDIENCE),
        ],
    )
    def test_knows_the_audience_of_the_orgs_kind(self, url: str, audience: str) -> None:
        assert SalesforceSettings.from_env(SECRET_LOGIN | {"SALESFORCE_URL": url}).jwt_audience == audience

    @pytest.mark.parametrize(("name", "value"), WRONG)
    def test_names_the_wrong_variable(self, name: str, value: str) -> None:
        with pytest.raises(SalesforceSettingError, match="SALESFORCE_") as refusal:
            SalesforceSettings.from_env(SECRET_LOGIN | {name: value})

        assert name in str(refusal.value) or name.startswith("SALESFORCE_FIELD_")
        assert "hush-hush" not in str(refusal.value)

    def test_refuses_two_ways_of_signing_in(self, tmp_path: Path) -> None:
        key = tmp_path / "key.pem"
        key.write_text("-----BEGIN PRIVATE KEY-----\n")
        env = SECRET_LOGIN | {
            "SALESFORCE_USERNAME": "integration@acme.example",
            "SALESFORCE_PRIVATE_KEY_FILE": str(key),
        }

        with pytest.raises(SalesforceSettingError, match="not both"):
            SalesforceSettings.from_env(env)

    def test_refuses_a_file_without_a_key(self, tmp_path: Path) -> None:
        key = tmp_path / "key.pem"
        key.write_text("ssh-ed25519 AAAA")
        env = SECRET_LOGIN | {"SALESFORCE_PRIVATE_KEY_FILE": str(key)}

        with pytest.raises(SalesforceSettingError, match="no private key"):
            SalesforceSettings.from_env(env)

    def test_never_shows_a_secret(self) -> None:
        settings = SalesforceSettings.from_env(SECRET_LOGIN)

        assert "hush-hush" not in repr(settings)
        assert "hush-hush" not in f"{Secret('hush-hush')}"
