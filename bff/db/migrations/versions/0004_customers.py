"""Profiles per organisation: numbers, kinds, contexts of creation, history, claims.

Numbers come from a trigger, so that every row has one whoever inserts it. The counter's row is locked from the first
insert of a transaction to its end: a rollback gives the number back, which no sequence does. Creations of one org
therefore take turns; those of two orgs do not.
"""

from bff.db.migrations.tenant import execute, protect

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None

ORGS_AND_USERS = """
ALTER TABLE orgs ADD COLUMN number_format text NOT NULL DEFAULT 'CUST-{:05d}'
    CHECK (number_format ~ '^[A-Za-z0-9 ./_-]{0,20}[{]:(0[1-9])?d[}][A-Za-z0-9 ./_-]{0,20}$');
ALTER TABLE users ADD COLUMN registered_at timestamptz;
UPDATE users SET registered_at = created_at;
ALTER TABLE users ALTER COLUMN registered_at SET DEFAULT now();
"""

PROFILES = """
ALTER TABLE customers
    ADD COLUMN number integer CHECK (number > 0),
    ADD COLUMN name2 text,
    ADD COLUMN phone text CHECK (phone ~ '^[+][1-9][0-9]{5,14}$'),
    ADD COLUMN phone_verified_at timestamptz,
    ADD COLUMN email_verified_at timestamptz,
    ADD COLUMN preferences jsonb NOT NULL DEFAULT '{}',
    ADD COLUMN picture text,
    ADD COLUMN status text NOT NULL DEFAULT 'active' CHECK (status IN ('active', 'deactivated')),
    ADD COLUMN deactivated_at timestamptz,
    ADD COLUMN created_context text NOT NULL DEFAULT 'registration'
        CHECK (created_context IN ('registration', 'consumer', 'point_of_sale', 'third_party')),
    ADD COLUMN updated_at timestamptz NOT NULL DEFAULT now(),
    ADD CHECK ((status = 'deactivated') = (deactivated_at IS NOT NULL)),
    ADD CHECK (phone IS NOT NULL OR phone_verified_at IS NULL),
    ADD CHECK (email IS NOT NULL OR email_verified_at IS NULL);

CREATE TABLE customer_counters (
    org_id uuid PRIMARY KEY REFERENCES orgs,
    last integer NOT NULL
);
"""

# The owner is bound by forced row-level security too and would number nobody.
NUMBER_EXISTING = """
ALTER TABLE customers NO FORCE ROW LEVEL SECURITY;
UPDATE customers AS mine SET number = counted.number FROM (
    SELECT org_id, id, row_number() OVER (PARTITION BY org_id ORDER BY created_at, id) AS number FROM customers
) AS counted WHERE counted.org_id = mine.org_id AND counted.id = mine.id;
INSERT INTO customer_counters SELECT org_id, max(number) FROM customers GROUP BY org_id;
ALTER TABLE customers FORCE ROW LEVEL SECURITY;
ALTER TABLE customers ALTER COLUMN number SET NOT NULL, ADD UNIQUE (org_id, number);
"""

# First the lock, then the look: the other way round two inserts of one id would both take a number, and ON CONFLICT
# would drop one of them. A row that is there already keeps its number, which the conflict then throws away.
NUMBERING = """
CREATE FUNCTION number_customer() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO customer_counters AS counter (org_id, last) VALUES (NEW.org_id, 0)
        ON CONFLICT (org_id) DO UPDATE SET last = counter.last;
    SELECT number INTO NEW.number FROM customers WHERE org_id = NEW.org_id AND id = NEW.id;
    IF NEW.number IS NULL THEN
        UPDATE customer_counters SET last = last + 1 WHERE org_id = NEW.org_id RETURNING last INTO NEW.number;
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER customers_numbered BEFORE INSERT ON customers
    FOR EACH ROW WHEN (NEW.number IS NULL) EXECUTE FUNCTION number_customer();
"""

INDEXES = """
CREATE INDEX customers_newest ON customers (org_id, created_at DESC, id DESC);
CREATE INDEX customers_newest_of_kind ON customers (org_id, kind, created_at DESC, id DESC);
CREATE INDEX customers_by_phone ON customers (org_id, phone);
"""

HISTORY = """
CREATE TABLE customer_history (
    org_id uuid NOT NULL,
    id uuid NOT NULL,
    customer_id uuid NOT NULL,
    at timestamptz NOT NULL DEFAULT clock_timestamp(),
    actor text NOT NULL,
    change jsonb NOT NULL,
    PRIMARY KEY (org_id, id),
    FOREIGN KEY (org_id, customer_id) REFERENCES customers (org_id, id)
);
CREATE INDEX customer_history_newest ON customer_history (org_id, customer_id, at DESC, id DESC);

CREATE TABLE customer_claims (
    org_id uuid NOT NULL,
    id uuid NOT NULL,
    customer_id uuid NOT NULL,
    token_hash bytea NOT NULL,
    created_at timestamptz NOT NULL,
    created_by text NOT NULL,
    expires_at timestamptz NOT NULL CHECK (expires_at > created_at),
    used_at timestamptz,
    PRIMARY KEY (org_id, id),
    UNIQUE (org_id, token_hash),
    FOREIGN KEY (org_id, customer_id) REFERENCES customers (org_id, id)
);
CREATE INDEX customer_claims_open ON customer_claims (org_id, customer_id) WHERE used_at IS NULL;
"""


def upgrade() -> None:
    for part in (ORGS_AND_USERS, PROFILES, NUMBER_EXISTING, NUMBERING, INDEXES, HISTORY):
        execute(part)
    protect("customer_counters", grants="SELECT, INSERT, UPDATE")
    protect("customer_history", grants="SELECT, INSERT")
    protect("customer_claims", grants="SELECT, INSERT, UPDATE")
