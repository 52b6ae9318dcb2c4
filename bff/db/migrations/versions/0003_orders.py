"""Orders, every decision of the gate at a submission, and the exceptions that staff make from it.

An order's row is written before Salesforce is asked, so that one whose answer was lost is looked for. A decision is
history: nobody changes or deletes it.
"""

from bff.db.migrations.tenant import execute, protect

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None

ORDERS = """
CREATE TABLE orders (
    org_id uuid NOT NULL,
    id uuid NOT NULL,
    customer_id uuid NOT NULL,
    account_id text NOT NULL CHECK (account_id ~ '^[A-Za-z0-9]{18}$'),
    digest bytea NOT NULL,
    state text NOT NULL DEFAULT 'deciding'
        CHECK (state IN ('deciding', 'unknown', 'refused', 'withdrawn', 'placed', 'on_hold')),
    claim uuid,
    claimed_until timestamptz,
    submit_by timestamptz,
    currency text NOT NULL CHECK (currency ~ '^[A-Z]{3}$'),
    total numeric(18, 4) NOT NULL,
    lines jsonb NOT NULL,
    delivery jsonb,
    salesforce_id text,
    review text CHECK (review IN ('open', 'settled')),
    hold_code text,
    held_at timestamptz,
    answer bytea,
    created_at timestamptz NOT NULL DEFAULT clock_timestamp(),
    placed_at timestamptz,
    PRIMARY KEY (org_id, id),
    FOREIGN KEY (org_id, customer_id) REFERENCES customers (org_id, id),
    CHECK ((state IN ('placed', 'on_hold')) = (placed_at IS NOT NULL))
);
CREATE INDEX orders_by_customer ON orders (org_id, customer_id, placed_at DESC, id DESC)
    WHERE state IN ('placed', 'on_hold');
CREATE INDEX orders_in_doubt ON orders (org_id, claimed_until) WHERE state IN ('deciding', 'unknown');
CREATE INDEX orders_under_review ON orders (org_id, account_id) WHERE review = 'open';
"""

DECISIONS = """
CREATE TABLE gate_decisions (
    org_id uuid NOT NULL,
    id uuid NOT NULL,
    at timestamptz NOT NULL DEFAULT clock_timestamp(),
    order_id uuid NOT NULL,
    customer_id uuid NOT NULL,
    account_id text,
    outcome text NOT NULL CHECK (outcome IN ('allowed', 'blocked', 'unavailable', 'unconfirmed')),
    next_action text NOT NULL,
    problems jsonb NOT NULL,
    inputs jsonb NOT NULL,
    read_at timestamptz,
    read_source text CHECK (read_source IN ('cache', 'salesforce', 'portal')),
    rules_version integer NOT NULL,
    PRIMARY KEY (org_id, id),
    FOREIGN KEY (org_id, customer_id) REFERENCES customers (org_id, id)
);
CREATE INDEX gate_decisions_by_account ON gate_decisions (org_id, account_id, at DESC, id DESC);
CREATE INDEX gate_decisions_by_order ON gate_decisions (org_id, order_id, at DESC, id DESC);
"""

OVERRIDES = """
CREATE TABLE gate_overrides (
    org_id uuid NOT NULL REFERENCES orgs,
    id uuid NOT NULL,
    account_id text NOT NULL CHECK (account_id ~ '^[A-Za-z0-9]{18}$'),
    product_type text NOT NULL CHECK (product_type IN ('internet', 'sim')),
    reason text NOT NULL,
    created_at timestamptz NOT NULL,
    created_by text NOT NULL,
    ends_at timestamptz NOT NULL CHECK (ends_at > created_at),
    ended_at timestamptz,
    ended_by text,
    PRIMARY KEY (org_id, id)
);
CREATE INDEX gate_overrides_by_account ON gate_overrides (org_id, account_id, created_at DESC, id DESC);
"""


def upgrade() -> None:
    for part in (ORDERS, DECISIONS, OVERRIDES):
        execute(part)
    protect("orders", grants="SELECT, INSERT, UPDATE")
    protect("gate_decisions", grants="SELECT, INSERT")
    protect("gate_overrides", grants="SELECT, INSERT, UPDATE")
