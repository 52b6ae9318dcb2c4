"""Where each organisation stands on the way from the portal's table to Salesforce Files.

`residence_card_submissions` is the table of the portal before this one, kept here only while an org moves out of it. It
refers to no customer: a row whose customer is gone has to be told, not refused. A first row puts its org at `legacy`,
however it came in.
"""

from bff.db.migrations.tenant import execute, protect

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None

STANDINGS = """
CREATE TABLE migrations (
    org_id uuid NOT NULL PRIMARY KEY REFERENCES orgs,
    phase text NOT NULL DEFAULT 'legacy' CHECK (phase IN ('legacy', 'dual_write', 'backfill', 'verify', 'shadow_read',
        'ramp', 'salesforce', 'salesforce_only', 'purged')),
    percent integer NOT NULL DEFAULT 0 CHECK (percent BETWEEN 0 AND 100),
    is_paused boolean NOT NULL DEFAULT false,
    reason text,
    window_id integer NOT NULL DEFAULT 1,
    changed_at timestamptz NOT NULL DEFAULT clock_timestamp(),
    cursor text,
    claim uuid,
    transferred_at timestamptz
);
CREATE TABLE migration_reads (
    org_id uuid NOT NULL,
    window_id integer NOT NULL,
    compared bigint NOT NULL DEFAULT 0,
    mismatched bigint NOT NULL DEFAULT 0,
    last_mismatch_at timestamptz,
    PRIMARY KEY (org_id, window_id),
    FOREIGN KEY (org_id) REFERENCES migrations (org_id)
);
"""

# One row that every process looks at twice a second: a number that every change of a phase raises in its own
# transaction. A sequence would show it before the change can be seen.
NEWS = """
CREATE TABLE migration_news (
    is_only boolean NOT NULL PRIMARY KEY DEFAULT true CHECK (is_only),
    number bigint NOT NULL DEFAULT 0
);
INSERT INTO migration_news DEFAULT VALUES;
GRANT SELECT, UPDATE ON migration_news TO portal_app;
CREATE FUNCTION tell_migration_news() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    UPDATE migration_news SET number = number + 1;
    RETURN NULL;
END $$;
CREATE TRIGGER migrations_news AFTER INSERT OR UPDATE OF phase, percent, is_paused ON migrations
    FOR EACH ROW EXECUTE FUNCTION tell_migration_news();
"""

DOCUMENTS = """
CREATE TABLE residence_card_submissions (
    org_id uuid NOT NULL REFERENCES orgs,
    id uuid NOT NULL,
    customer_id uuid NOT NULL,
    file_name text NOT NULL,
    content_type text NOT NULL,
    content bytea NOT NULL,
    status text NOT NULL,
    reviewer_note text,
    rejection_message text,
    submitted_at timestamptz NOT NULL,
    reviewed_at timestamptz,
    updated_at timestamptz NOT NULL DEFAULT clock_timestamp(),
    PRIMARY KEY (org_id, id)
);
ALTER TABLE residence_card_submissions ALTER COLUMN content SET STORAGE EXTERNAL;
CREATE INDEX residence_card_submissions_by_customer
    ON residence_card_submissions (org_id, customer_id, submitted_at, id);
CREATE INDEX residence_card_submissions_by_change ON residence_card_submissions (org_id, updated_at, id);

CREATE FUNCTION begin_migration() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO migrations (org_id) SELECT DISTINCT org_id FROM arrived ON CONFLICT DO NOTHING;
    RETURN NULL;
END $$;
CREATE TRIGGER residence_card_submissions_begin AFTER INSERT ON residence_card_submissions
    REFERENCING NEW TABLE AS arrived FOR EACH STATEMENT EXECUTE FUNCTION begin_migration();

CREATE TABLE migration_documents (
    org_id uuid NOT NULL REFERENCES orgs,
    row_id text NOT NULL,
    upload_id uuid NOT NULL,
    customer_id uuid,
    account_id text,
    state text NOT NULL CHECK (state IN ('waiting', 'moved', 'reported')),
    reason text,
    sha256 text,
    md5 text,
    size integer,
    version_id text,
    document_id text,
    is_copied boolean NOT NULL DEFAULT true,
    moved_at timestamptz,
    verified_at timestamptz,
    PRIMARY KEY (org_id, row_id)
);
CREATE UNIQUE INDEX migration_documents_by_upload ON migration_documents (org_id, upload_id);
CREATE INDEX migration_documents_by_account ON migration_documents (org_id, account_id);
CREATE INDEX migration_documents_open ON migration_documents (org_id, state) WHERE state <> 'moved';
CREATE INDEX migration_documents_uncopied ON migration_documents (org_id) WHERE NOT is_copied;
"""

# What was uploaded while both sides are written has moved when its own delivery has settled.
SETTLING = """
CREATE FUNCTION note_moved_upload() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    UPDATE migration_documents SET version_id = NEW.version_id, document_id = NEW.document_id,
        state = CASE NEW.state WHEN 'delivered' THEN 'moved' ELSE 'reported' END,
        reason = CASE NEW.state WHEN 'delivered' THEN NULL ELSE 'Salesforce would not have the upload.' END,
        moved_at = clock_timestamp()
    WHERE org_id = NEW.org_id AND upload_id = NEW.id AND state = 'waiting';
    RETURN NULL;
END $$;
CREATE TRIGGER verification_attempts_moved AFTER UPDATE OF state ON verification_attempts
    FOR EACH ROW WHEN (OLD.state = 'waiting' AND NEW.state <> 'waiting') EXECUTE FUNCTION note_moved_upload();
"""

CHECKS = """
CREATE TABLE migration_passes (
    org_id uuid NOT NULL REFERENCES orgs,
    id uuid NOT NULL,
    began_at timestamptz NOT NULL,
    ended_at timestamptz,
    documents integer NOT NULL DEFAULT 0,
    differences integer NOT NULL DEFAULT 0,
    ignored integer NOT NULL DEFAULT 0,
    repaired integer NOT NULL DEFAULT 0,
    PRIMARY KEY (org_id, id)
);
CREATE INDEX migration_passes_by_time ON migration_passes (org_id, began_at DESC);

CREATE TABLE migration_ignores (
    org_id uuid NOT NULL REFERENCES orgs,
    row_id text NOT NULL,
    difference text NOT NULL,
    reason text NOT NULL,
    until timestamptz NOT NULL,
    PRIMARY KEY (org_id, row_id, difference)
);
"""

# The older portal took photographs as phones made them; attempts of those come along as they are.
KINDS = """
ALTER TABLE verification_attempts DROP CONSTRAINT verification_attempts_kind_check;
ALTER TABLE verification_attempts ADD CONSTRAINT verification_attempts_kind_check
    CHECK (kind IN ('jpeg', 'png', 'pdf', 'heic'));
"""

TABLES = (
    "migrations",
    "migration_reads",
    "residence_card_submissions",
    "migration_documents",
    "migration_passes",
    "migration_ignores",
)


def upgrade() -> None:
    for part in (STANDINGS, NEWS, DOCUMENTS, SETTLING, CHECKS, KINDS):
        execute(part)
    for table in TABLES:
        protect(table)
