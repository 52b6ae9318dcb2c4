"""What the emulator is started with."""

from pathlib import Path

import msgspec


class OAuthClient(msgspec.Struct, frozen=True, kw_only=True):
    """A connected app. `certificate` is a PEM public key or X.509 certificate for the JWT bearer flow."""

    client_id: str
    secret: str | None = None
    username: str = "integration@portal.example"
    """The run-as user of the client-credentials flow."""
    certificate: str | None = None


DEVELOPMENT_CLIENT = OAuthClient(client_id="portal-bff", secret="local-development-only")  # noqa: S106


class EmulatorSettings(msgspec.Struct, frozen=True, kw_only=True):
    """Port 0 takes a free port. Without `data_dir` the org lives in memory only."""

    host: str = "127.0.0.1"
    port: int = 8100
    pubsub_port: int = 8101
    pubsub_tls_port: int | None = None
    data_dir: Path | None = None
    demo: bool = False
    """Seed the demo customers, reviewers' work and offers when the org is empty."""
    public_url: str | None = None
    """The instance_url that tokens name; without it, the scheme and Host of the token request."""
    clients: tuple[OAuthClient, ...] = (DEVELOPMENT_CLIENT,)
    jwt_audiences: tuple[str, ...] = ("https://login.salesforce.com", "https://test.salesforce.com")
    """Accepted besides the emulator's own address."""
    session_s: float = 7_200
    daily_api_requests: int = 5_000_000
    """As large as a sandbox has, so that benchmarks do not use it up."""
    journal_calls: int = 20_000
    """How many of the latest API calls the journal remembers."""
    retention_s: float = 72 * 3_600
    """How long commits stay for the change feed."""
    stream_keepalive_s: float = 60.0
    """A Subscribe stream without events sends an empty response this often (the platform: within 270 s)."""
    stream_idle_close_s: float = 60.0
    """A Subscribe stream whose client wants nothing is closed after this time."""
