"""Which customers a phone number belongs to, and why we think so.

Every column that a search compares is `COLLATE "C"` and plain: under row-level security only leakproof operators may
use an index, and no function of a column is one. So the last digits and the reversed number are columns of their own.
"""

from bff.db.migrations.tenant import execute, protect

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None

LINKS = """
CREATE TABLE phone_links (
    org_id uuid NOT NULL,
    id uuid NOT NULL,
    customer_id uuid NOT NULL,
    phone text COLLATE "C" NOT NULL CHECK (phone ~ '^[+][1-9][0-9]{5,14}$'),
    last4 text COLLATE "C" NOT NULL GENERATED ALWAYS AS (right(phone, 4)) STORED,
    reversed text COLLATE "C" NOT NULL GENERATED ALWAYS AS (reverse(phone)) STORED,
    source text NOT NULL CHECK (source IN ('order', 'code_verified', 'till', 'agent', 'registration')),
    verified_at timestamptz,
    first_seen_at timestamptz NOT NULL,
    last_seen_at timestamptz NOT NULL,
    times integer NOT NULL DEFAULT 1,
    unlinked_at timestamptz,
    unlinked_by text,
    unlink_reason text,
    is_live boolean NOT NULL GENERATED ALWAYS AS (unlinked_at IS NULL OR last_seen_at > unlinked_at) STORED,
    is_verified boolean NOT NULL GENERATED ALWAYS AS
        (verified_at IS NOT NULL AND (unlinked_at IS NULL OR verified_at > unlinked_at)) STORED,
    PRIMARY KEY (org_id, id),
    UNIQUE (org_id, phone, customer_id),
    FOREIGN KEY (org_id, customer_id) REFERENCES customers (org_id, id),
    CHECK (first_seen_at <= last_seen_at),
    CHECK ((unlinked_at IS NULL) = (unlinked_by IS NULL) AND (unlinked_at IS NULL) = (unlink_reason IS NULL))
);
CREATE INDEX phone_links_by_phone ON phone_links (org_id, phone, is_verified DESC, last_seen_at DESC, id DESC)
    WHERE is_live;
CREATE INDEX phone_links_by_last4 ON phone_links (org_id, last4, is_verified DESC, last_seen_at DESC, id DESC)
    WHERE is_live;
CREATE INDEX phone_links_by_ending ON phone_links (org_id, reversed) WHERE is_live;
CREATE INDEX phone_links_by_customer ON phone_links (org_id, customer_id);

CREATE TABLE operator_phones (
    org_id uuid NOT NULL REFERENCES orgs,
    phone text COLLATE "C" NOT NULL CHECK (phone ~ '^[+][1-9][0-9]{5,14}$'),
    label text NOT NULL,
    created_at timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (org_id, phone)
);

CREATE TABLE phone_settings (
    org_id uuid PRIMARY KEY REFERENCES orgs,
    shared_above integer NOT NULL CHECK (shared_above BETWEEN 1 AND 1000)
);
"""

ORDERS = """
ALTER TABLE orders ADD COLUMN phone_seen_at timestamptz;

CREATE TABLE phone_backfills (
    org_id uuid PRIMARY KEY REFERENCES orgs,
    started_at timestamptz NOT NULL,
    position_at timestamptz,
    position_id uuid,
    seen bigint NOT NULL DEFAULT 0,
    linked bigint NOT NULL DEFAULT 0,
    passed_over bigint NOT NULL DEFAULT 0,
    finished_at timestamptz
);
"""


def upgrade() -> None:
    execute(LINKS)
    execute(ORDERS)
    protect("phone_links", grants="SELECT, INSERT, UPDATE")
    protect("operator_phones", grants="SELECT, INSERT, DELETE")
    protect("phone_settings", grants="SELECT, INSERT, UPDATE")
    protect("phone_backfills", grants="SELECT, INSERT, UPDATE, DELETE")
