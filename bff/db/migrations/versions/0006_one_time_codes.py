"""One-time codes and the proofs they give.

A row is one SMS that left, or may have. It is kept for a day after it can no longer be used, because the limits count
it, and then goes. `tries` is how many the code was born with: what its number had left of the day's failures.
"""

from bff.db.migrations.tenant import execute, protect

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None

CODES = """
ALTER TABLE orgs ADD COLUMN sms_countries text[];
COMMENT ON COLUMN orgs.sms_countries IS 'countries to whose numbers codes are sent; NULL is the region alone';

CREATE TABLE one_time_codes (
    org_id uuid NOT NULL REFERENCES orgs,
    id uuid NOT NULL,
    phone text NOT NULL CHECK (phone ~ '^[+][1-9][0-9]{5,14}$'),
    block text NOT NULL,
    country text NOT NULL CHECK (country ~ '^[A-Z]{2}$'),
    purpose text NOT NULL CHECK (purpose IN ('registration', 'login', 'verification', 'claim')),
    actor text NOT NULL,
    network text,
    salt bytea NOT NULL,
    digest bytea NOT NULL,
    tries smallint NOT NULL CHECK (tries BETWEEN 1 AND 3),
    failures smallint NOT NULL DEFAULT 0 CHECK (failures <= tries),
    sent_at timestamptz NOT NULL,
    expires_at timestamptz NOT NULL CHECK (expires_at > sent_at),
    ended_at timestamptz,
    entered_at timestamptz,
    proof_digest bytea,
    proof_expires_at timestamptz,
    proof_taken_at timestamptz,
    PRIMARY KEY (org_id, id),
    CHECK (entered_at IS NULL OR ended_at IS NOT NULL),
    CHECK ((entered_at IS NULL) = (proof_digest IS NULL)),
    CHECK ((entered_at IS NULL) = (proof_expires_at IS NULL))
);
CREATE UNIQUE INDEX one_time_codes_one_open ON one_time_codes (org_id, phone, purpose, actor) WHERE ended_at IS NULL;
CREATE INDEX one_time_codes_by_phone ON one_time_codes (org_id, phone, sent_at DESC);
CREATE INDEX one_time_codes_by_block ON one_time_codes (org_id, block, sent_at DESC);
CREATE INDEX one_time_codes_by_country ON one_time_codes (org_id, country, sent_at DESC);
CREATE INDEX one_time_codes_by_actor ON one_time_codes (org_id, actor, sent_at DESC);
CREATE INDEX one_time_codes_by_network ON one_time_codes (org_id, network, sent_at DESC);
CREATE INDEX one_time_codes_by_time ON one_time_codes (org_id, sent_at DESC);
"""


def upgrade() -> None:
    execute(CODES)
    protect("one_time_codes")
