"""What is deleted of a sealed document leaves PostgreSQL's files too, within minutes.

A deleted row stays in its file until the table is vacuumed, which PostgreSQL does by itself once a fifth of it has
gone: where few documents pass through, never. From here on one deleted row is enough; the launcher looks once a minute.
"""

from bff.db.migrations.tenant import execute

revision = "0010"
down_revision = "0009"
branch_labels = None
depends_on = None

VACUUM_SOON = """
ALTER TABLE document_outbox SET (autovacuum_vacuum_threshold = 0, autovacuum_vacuum_scale_factor = 0);
ALTER TABLE document_parts SET (
    autovacuum_vacuum_threshold = 0, autovacuum_vacuum_scale_factor = 0,
    toast.autovacuum_vacuum_threshold = 0, toast.autovacuum_vacuum_scale_factor = 0
);
"""


def upgrade() -> None:
    execute(VACUUM_SOON)
