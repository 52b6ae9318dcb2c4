"""The environment that every process of one `bff up` is started with."""

from collections.abc import Mapping

from bff.settings.variables import VARIABLES
from bff.up.data_dir import DataDir
from bff.up.plan import Plan, Ports, make_salesforce_environment

NOT_YET = {"DATABASE_URL": "postgresql://not.yet", "REDIS_URL": "redis://not.yet"}
"""Stands for engines that have no address yet while all the other settings are checked."""


def make_environment(
    environ: Mapping[str, str], *, plan: Plan, ports: Ports, data_dir: DataDir
) -> dict[str, str]:
    """All but the addresses of PostgreSQL and Valkey, which are known once they run."""
    made = {"BFF_PUBLIC_URL": f"http://localhost:{ports.web}", "PYTHONUNBUFFERED": "1"}
    if plan.demo:
        made |= data_dir.get_secrets()
    given = {name: value for name, value in environ.items() if value}
    environment = made | given
    if plan.emulator:
        environment |= make_salesforce_environment(ports)
    return environment


def keep_settings(environment: Mapping[str, str]) -> dict[str, str]:
    """Only what the product reads: the rest of a person's environment is nobody's business on disk."""
    names = {variable.name for variable in VARIABLES}
    return {name: value for name, value in environment.items() if name in names}


def with_placeholders(environment: Mapping[str, str], plan: Plan) -> dict[str, str]:
    """For checking the settings before anything is started."""
    absent = {"DATABASE_URL": plan.postgres, "REDIS_URL": plan.valkey}
    return {**environment, **{name: NOT_YET[name] for name, is_absent in absent.items() if is_absent}}
