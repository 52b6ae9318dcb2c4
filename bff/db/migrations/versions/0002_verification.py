"""Attempts at ID verification and the sealed documents that wait for delivery.

An attempt is history and stays; the document in `document_outbox` goes as soon as Salesforce is known to hold it.
It has a table of its own so that reading attempts never touches bytes of documents.
"""

from bff.db.migrations.tenant import execute, protect

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None

ATTEMPTS = """
CREATE TABLE verification_attempts (
    org_id uuid NOT NULL,
    id uuid NOT NULL,
    customer_id uuid NOT NULL,
    account_id text NOT NULL,
    number integer NOT NULL,
    sha256 text NOT NULL,
    stored_md5 text NOT NULL,
    size integer NOT NULL,
    kind text NOT NULL CHECK (kind IN ('jpeg', 'png', 'pdf')),
    shown_name text NOT NULL,
    context text NOT NULL CHECK (context IN ('account', 'checkout')),
    state text NOT NULL DEFAULT 'waiting' CHECK (state IN ('waiting', 'delivered', 'superseded', 'refused')),
    version_id text,
    document_id text,
    verdict text CHECK (verdict IN ('verified', 'rejected')),
    verdict_message text,
    verdict_at timestamptz,
    submitted_at timestamptz NOT NULL,
    settled_at timestamptz,
    PRIMARY KEY (org_id, id),
    UNIQUE (org_id, account_id, number),
    FOREIGN KEY (org_id, customer_id) REFERENCES customers (org_id, id)
);

CREATE TABLE document_outbox (
    org_id uuid NOT NULL,
    attempt_id uuid NOT NULL,
    key_id text NOT NULL,
    wrapped_key bytea NOT NULL,
    ciphertext bytea NOT NULL,
    created_at timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (org_id, attempt_id),
    FOREIGN KEY (org_id, attempt_id) REFERENCES verification_attempts (org_id, id)
);
ALTER TABLE document_outbox ALTER COLUMN ciphertext SET STORAGE EXTERNAL;
"""


def upgrade() -> None:
    execute(ATTEMPTS)
    protect("verification_attempts")
    protect("document_outbox", grants="SELECT, INSERT, DELETE")
