"""What every tenant table has, so that a new one needs a single call to be closed."""

from typing import Any

from alembic import op

ORG = "nullif(current_setting('app.org', true), '')::uuid"
"""After a transaction the setting reads as '' rather than NULL, and ''::uuid would be an error instead of no rows."""


def execute(sql: str) -> None:
    """Several statements at once; nothing in them is taken for a parameter."""
    connection: Any = op.get_bind().connection.driver_connection
    connection.execute(sql)


def protect(table: str, grants: str = "SELECT, INSERT, UPDATE, DELETE") -> None:
    """Rows of the current org only, for the owner too; no org, no rows."""
    execute(
        f"""
        ALTER TABLE {table} ENABLE ROW LEVEL SECURITY;
        ALTER TABLE {table} FORCE ROW LEVEL SECURITY;
        CREATE POLICY org_isolation ON {table} USING (org_id = {ORG}) WITH CHECK (org_id = {ORG});
        GRANT {grants} ON {table} TO portal_app;
        """
    )
