"""What `bff up` starts itself and what is configured: pure decisions over the environment."""

from collections.abc import Mapping

import msgspec

from bff.engines.ports import LOOPBACK

DEVELOPMENT = "development"
CLIENT_ID, CLIENT_SECRET = "portal-bff", "local-development-only"


class NotConfigured(Exception):
    """Outside development nothing is embedded, so everything must be named."""


class Ports(msgspec.Struct, frozen=True, kw_only=True):
    web: int = 8000
    emulator: int = 8100
    pubsub: int = 8101
    pubsub_tls: int | None = None


class Plan(msgspec.Struct, frozen=True, kw_only=True):
    """Which engines are embedded, and whether demo people belong here."""

    postgres: bool
    valkey: bool
    emulator: bool
    demo: bool


def plan(environ: Mapping[str, str]) -> Plan:
    """Raises NotConfigured with one sentence that names what is missing."""
    missing = [name for name in ("DATABASE_URL", "REDIS_URL", "SALESFORCE_URL") if not environ.get(name)]
    is_development = environ.get("BFF_ENV") == DEVELOPMENT
    if missing and not is_development:
        raise NotConfigured(
            f"Outside development `bff up` starts no engines of its own: set {' and '.join(missing)}, "
            "or BFF_ENV=development."
        )
    return Plan(
        postgres="DATABASE_URL" in missing,
        valkey="REDIS_URL" in missing,
        emulator="SALESFORCE_URL" in missing,
        demo=is_development,
    )


def list_ports(chosen: Plan, ports: Ports) -> list[tuple[str, int]]:
    """The option and port of each address that must be free."""
    wanted = [("--port", ports.web)]
    if chosen.emulator:
        wanted += [("--emulator-port", ports.emulator), ("--pubsub-port", ports.pubsub)]
        if ports.pubsub_tls is not None:
            wanted.append(("--pubsub-tls-port", ports.pubsub_tls))
    return wanted


def make_salesforce_environment(ports: Ports) -> dict[str, str]:
    """How the product reaches the embedded emulator."""
    return {
        "SALESFORCE_URL": f"http://{LOOPBACK}:{ports.emulator}",
        "SALESFORCE_LOGIN_URL": f"http://{LOOPBACK}:{ports.emulator}",
        "SALESFORCE_CLIENT_ID": CLIENT_ID,
        "SALESFORCE_CLIENT_SECRET": CLIENT_SECRET,
        "SALESFORCE_USERNAME": "",
        "SALESFORCE_PRIVATE_KEY_FILE": "",
        "SALESFORCE_PUBSUB_TARGET": f"{LOOPBACK}:{ports.pubsub}",
        "SALESFORCE_PUBSUB_TLS": "false",
    }
