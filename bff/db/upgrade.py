"""Bringing a database up to the newest schema; several upgraders at once wait for each other."""

from pathlib import Path

from alembic import command
from alembic.config import Config
from sqlalchemy import Connection, create_engine, text
from sqlalchemy.engine import make_url

from bff.db.database import driver_url

# Any number, as long as every upgrader of this schema uses the same.
ADVISORY_LOCK = 5_081_202_601

IS_MEMBER = text("SELECT pg_has_role(:login, 'portal_app', 'MEMBER')")
LOGIN_EXISTS = text("SELECT count(*) FROM pg_roles WHERE rolname = :login")


def make_config(connection: Connection | None = None) -> Config:
    config = Config()
    config.set_main_option("script_location", str(Path(__file__).parent / "migrations"))
    config.attributes["connection"] = connection
    return config


def upgrade(owner_url: str, *, app_url: str | None = None) -> None:
    """Apply every revision that is missing; synchronous, and safe to repeat.

    The login of `app_url` (without it, the owner) is allowed to become `portal_app`.
    """
    engine = create_engine(driver_url(owner_url))
    try:
        with engine.connect() as connection:
            connection.execute(text("SELECT pg_advisory_lock(:key)"), {"key": ADVISORY_LOCK})
            connection.commit()
            command.upgrade(make_config(connection), "head")
            allow_login(connection, make_url(app_url or owner_url).username)
            connection.commit()
    finally:
        # Ends the session, and with it the lock.
        engine.dispose()


def allow_login(connection: Connection, login: str | None) -> None:
    """Membership is per cluster and granting it twice at once is an error there, so it is looked at first."""
    if not login or not connection.execute(LOGIN_EXISTS, {"login": login}).scalar_one():
        return
    if not connection.execute(IS_MEMBER, {"login": login}).scalar_one():
        quoted = connection.dialect.identifier_preparer.quote(login)
        connection.exec_driver_sql(f"GRANT portal_app TO {quoted}")
