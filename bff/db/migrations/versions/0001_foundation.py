"""Organisations, people, addresses, audit, idempotency, outbox, eligibility requests and the job queue.

Ids are made by the application, so that no extension is needed on PostgreSQL 15 to 18. Every key of a tenant table
starts with the org: a unique or foreign key that does not would tell one org about another's rows, because
PostgreSQL checks keys behind row-level security.
"""

from procrastinate.schema import SchemaManager

from bff.db.migrations.tenant import execute, protect

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None

APP_ROLE = """
DO $$
BEGIN
    IF NOT EXISTS (SELECT FROM pg_roles WHERE rolname = 'portal_app') THEN
        CREATE ROLE portal_app NOLOGIN;
    END IF;
EXCEPTION WHEN duplicate_object OR unique_violation THEN
    NULL; -- another database of this cluster was upgraded at the same moment
END $$;
DO $$
BEGIN
    IF EXISTS (SELECT FROM pg_roles WHERE rolname = 'portal_app' AND (rolsuper OR rolbypassrls)) THEN
        RAISE EXCEPTION 'portal_app must be neither superuser nor BYPASSRLS: it would see every org';
    END IF;
END $$;
"""

PEOPLE = """
CREATE TABLE orgs (
    id uuid PRIMARY KEY,
    slug text NOT NULL UNIQUE CHECK (slug ~ '^[a-z][a-z0-9-]{0,62}$'),
    name text NOT NULL,
    region text NOT NULL CHECK (region ~ '^[A-Z]{2}$'),
    locale text NOT NULL
);
CREATE TABLE users (
    id uuid PRIMARY KEY,
    email text NOT NULL UNIQUE CHECK (email = lower(email)),
    created_at timestamptz NOT NULL DEFAULT now()
);
GRANT SELECT, INSERT, UPDATE ON orgs, users TO portal_app;

CREATE TABLE customers (
    org_id uuid NOT NULL REFERENCES orgs,
    id uuid NOT NULL,
    user_id uuid REFERENCES users,
    kind text NOT NULL CHECK (kind IN ('guest', 'stub', 'full')),
    email text,
    first_name text,
    last_name text,
    account_id text CHECK (account_id ~ '^[A-Za-z0-9]{18}$'),
    contact_id text CHECK (contact_id ~ '^[A-Za-z0-9]{18}$'),
    created_at timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (org_id, id),
    UNIQUE (org_id, user_id)
);
CREATE INDEX customers_by_account ON customers (org_id, account_id);

CREATE TABLE staff (
    org_id uuid NOT NULL REFERENCES orgs,
    id uuid NOT NULL,
    user_id uuid NOT NULL REFERENCES users,
    email text NOT NULL,
    role text NOT NULL CHECK (role IN ('support', 'pos', 'admin')),
    PRIMARY KEY (org_id, id),
    UNIQUE (org_id, user_id)
);

CREATE TABLE addresses (
    org_id uuid NOT NULL,
    id uuid NOT NULL,
    customer_id uuid NOT NULL,
    type text NOT NULL CHECK (type IN ('home', 'work', 'other')),
    building text,
    floor text,
    apartment text,
    street text,
    area text,
    city text,
    postal_code text,
    country text CHECK (country ~ '^[A-Z]{2}$'),
    latitude double precision CHECK (latitude BETWEEN -90 AND 90),
    longitude double precision CHECK (longitude BETWEEN -180 AND 180),
    delivery_notes text,
    is_default boolean NOT NULL DEFAULT false,
    created_at timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (org_id, id),
    FOREIGN KEY (org_id, customer_id) REFERENCES customers (org_id, id) ON DELETE CASCADE
);
CREATE INDEX addresses_by_customer ON addresses (org_id, customer_id, created_at);
CREATE UNIQUE INDEX addresses_one_default ON addresses (org_id, customer_id) WHERE is_default;
"""

RECORDS = """
CREATE TABLE audit (
    org_id uuid NOT NULL REFERENCES orgs,
    id uuid NOT NULL,
    at timestamptz NOT NULL DEFAULT now(),
    actor text NOT NULL,
    action text NOT NULL,
    subject text NOT NULL,
    detail jsonb NOT NULL DEFAULT '{}',
    PRIMARY KEY (org_id, id)
);
CREATE INDEX audit_by_time ON audit (org_id, at DESC);
CREATE INDEX audit_by_subject ON audit (org_id, subject, at DESC);

CREATE TABLE idempotency_keys (
    org_id uuid NOT NULL REFERENCES orgs,
    actor text NOT NULL,
    key text NOT NULL,
    digest bytea NOT NULL,
    status smallint,
    answer bytea,
    created_at timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (org_id, actor, key)
);
CREATE INDEX idempotency_keys_by_age ON idempotency_keys (org_id, created_at);
"""

OUTBOX = """
CREATE TABLE deliveries (
    org_id uuid NOT NULL REFERENCES orgs,
    id uuid NOT NULL,
    kind text NOT NULL,
    account_id text NOT NULL,
    payload jsonb NOT NULL,
    state text NOT NULL DEFAULT 'waiting' CHECK (state IN ('waiting', 'delivered', 'refused', 'parked')),
    attempts integer NOT NULL DEFAULT 0,
    claim uuid,
    claimed_until timestamptz,
    unknown boolean NOT NULL DEFAULT false,
    next_attempt_at timestamptz NOT NULL DEFAULT now(),
    reason text,
    salesforce_id text,
    created_at timestamptz NOT NULL DEFAULT clock_timestamp(),
    settled_at timestamptz,
    PRIMARY KEY (org_id, id)
);
CREATE INDEX deliveries_unsettled_by_account ON deliveries (org_id, account_id, created_at, id)
    WHERE state IN ('waiting', 'parked');
CREATE INDEX deliveries_due ON deliveries (org_id, next_attempt_at) WHERE state IN ('waiting', 'parked');

CREATE TABLE eligibility_requests (
    org_id uuid NOT NULL,
    id uuid NOT NULL,
    customer_id uuid NOT NULL,
    account_id text NOT NULL,
    address jsonb NOT NULL,
    address_digest bytea NOT NULL,
    sku text,
    notes text,
    state text NOT NULL DEFAULT 'waiting' CHECK (state IN ('waiting', 'delivered', 'superseded', 'refused')),
    case_id text,
    requested_at timestamptz NOT NULL DEFAULT now(),
    settled_at timestamptz,
    PRIMARY KEY (org_id, id),
    FOREIGN KEY (org_id, customer_id) REFERENCES customers (org_id, id)
);
CREATE UNIQUE INDEX eligibility_requests_one_waiting ON eligibility_requests (org_id, account_id)
    WHERE state = 'waiting';
CREATE INDEX eligibility_requests_newest ON eligibility_requests (org_id, account_id, requested_at DESC);
"""

QUEUE_GRANTS = """
GRANT SELECT, INSERT, UPDATE, DELETE ON procrastinate_jobs, procrastinate_periodic_defers, procrastinate_events,
    procrastinate_workers TO portal_app;
GRANT USAGE ON ALL SEQUENCES IN SCHEMA public TO portal_app;
GRANT SELECT ON alembic_version TO portal_app;
"""


def upgrade() -> None:
    execute(APP_ROLE)
    execute("DO $$ BEGIN EXECUTE format('GRANT USAGE ON SCHEMA %I TO portal_app', current_schema()); END $$")
    for part in (PEOPLE, RECORDS, OUTBOX):
        execute(part)
    for table in (
        "customers",
        "staff",
        "addresses",
        "idempotency_keys",
        "deliveries",
        "eligibility_requests",
    ):
        protect(table)
    protect("audit", grants="SELECT, INSERT")
    execute(SchemaManager.get_schema())
    execute(QUEUE_GRANTS)
