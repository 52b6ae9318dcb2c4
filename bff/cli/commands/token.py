"""`bff token`."""

import asyncio
from pathlib import Path

import click

from bff.cli import options
from bff.cli.environment import load_settings
from bff.db import Database, DatabaseUnavailable
from bff.identity import Caller
from bff.identity.development import sign_token
from bff.identity.principals import Principals
from bff.settings import Settings


@click.command("token")
@click.option("--email", required=True, help="Who the token speaks for, such as hana@customer.example.")
@click.option("--org", help="Slug of the organisation; without it the first that knows the person.")
@click.option(
    "--hours", type=click.IntRange(1, 24), default=1, show_default=True, help="How long it is good."
)
@options.data_dir
def command(email: str, org: str | None, hours: int, data_dir: Path) -> None:
    """Print a bearer token for development. Refuses to run outside development."""
    settings = load_settings(data_dir)
    if not settings.is_development:
        raise click.ClickException("`bff token` works in development only (BFF_ENV=development).")
    try:
        caller = asyncio.run(find_caller(settings, email, org))
    except DatabaseUnavailable as error:
        raise click.ClickException("PostgreSQL cannot be reached at DATABASE_URL.") from error
    if caller is None:
        raise click.ClickException(
            f"Nobody with the e-mail {email} is known" + (f" in {org}." if org else ".")
        )
    click.echo(sign_token(settings, data_dir.absolute(), caller, ttl_s=hours * 3600))


async def find_caller(settings: Settings, email: str, org: str | None) -> Caller | None:
    database = Database(settings.database)
    try:
        return await Principals(database).find_by_email(email, org)
    finally:
        await database.close()
