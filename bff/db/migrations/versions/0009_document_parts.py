"""Sealed documents in parts, so that no process need hold a whole one while it is written or read."""

from bff.db.migrations.tenant import execute, protect

revision = "0009"
down_revision = "0008"
branch_labels = None
depends_on = None

# What was sealed in one piece does not open in parts. The owner sees rows only while security is not forced.
REFUSE_WHILE_DOCUMENTS_WAIT = """
ALTER TABLE document_outbox NO FORCE ROW LEVEL SECURITY;
DO $$ BEGIN
    IF EXISTS (SELECT FROM document_outbox) THEN
        RAISE EXCEPTION 'Documents wait for delivery: let the worker deliver them, then upgrade.';
    END IF;
END $$;
ALTER TABLE document_outbox FORCE ROW LEVEL SECURITY;
"""

PARTS = """
ALTER TABLE document_outbox DROP COLUMN ciphertext;

CREATE TABLE document_parts (
    org_id uuid NOT NULL,
    attempt_id uuid NOT NULL,
    number integer NOT NULL,
    ciphertext bytea NOT NULL,
    PRIMARY KEY (org_id, attempt_id, number),
    FOREIGN KEY (org_id, attempt_id) REFERENCES document_outbox (org_id, attempt_id) ON DELETE CASCADE
);
ALTER TABLE document_parts ALTER COLUMN ciphertext SET STORAGE EXTERNAL;
"""


def upgrade() -> None:
    execute(REFUSE_WHILE_DOCUMENTS_WAIT)
    execute(PARTS)
    protect("document_parts", grants="SELECT, INSERT, DELETE")
