from pathlib import Path

import pytest

from sf_sync.feed.settings import FeedSettings
from sf_sync.settings import SalesforceSettingError


class TestFeedSettings:
    def test_needs_no_variable(self) -> None:
        settings = FeedSettings.from_env({})

        assert settings == FeedSettings()
        assert settings.pubsub_target == "api.pubsub.salesforce.com:7443"
        assert settings.pubsub_tls

    def test_reads_each_variable(self, tmp_path: Path) -> None:
        roots = tmp_path / "ca.pem"
        roots.write_text("-----BEGIN CERTIFICATE-----")

        settings = FeedSettings.from_env(
            {
                "SALESFORCE_PUBSUB_TARGET": "127.0.0.1:8101",
                "SALESFORCE_PUBSUB_TLS": "False",
                "SALESFORCE_PUBSUB_CA_FILE": str(roots),
                "SALESFORCE_POLL_INTERVAL_S": "2.5",
            }
        )

        assert settings == FeedSettings(
            pubsub_target="127.0.0.1:8101", pubsub_tls=False, pubsub_ca_file=roots, poll_interval_s=2.5
        )

    @pytest.mark.parametrize(
        ("name", "value"),
        [
            ("SALESFORCE_PUBSUB_TARGET", "https://api.pubsub.salesforce.com:7443"),
            ("SALESFORCE_PUBSUB_TARGET", "api.pubsub.salesforce.com"),
            ("SALESFORCE_PUBSUB_TLS", "maybe"),
            ("SALESFORCE_PUBSUB_CA_FILE", "/nowhere/ca.pem"),
            ("SALESFORCE_POLL_INTERVAL_S", "0"),
            ("SALESFORCE_POLL_INTERVAL_S", "often"),
            ("SALESFORCE_POLL_INTERVAL_S", "nan"),
        ],
    )
    def test_refuses_with_a_sentence_that_names_the_variable(self, name: str, value: str) -> None:
        with pytest.raises(SalesforceSettingError, match=name):
            FeedSettings.from_env({name: value})
