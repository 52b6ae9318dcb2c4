"""Several addresses per customer, one of them the default.

That there is at most one default is a unique index since 0001. That there is one as soon as there is any address is
looked at when a transaction commits, so that within it the default may move.
"""

from bff.db.migrations.tenant import execute

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None

# The owner is bound by forced row-level security too and would change nothing.
CHOOSE_MISSING = """
ALTER TABLE addresses NO FORCE ROW LEVEL SECURITY;
UPDATE addresses AS mine SET is_default = true FROM (
    SELECT DISTINCT ON (org_id, customer_id) org_id, id FROM addresses
    ORDER BY org_id, customer_id, is_default DESC, array_position(ARRAY['home', 'work', 'other'], type),
        created_at DESC, id
) AS chosen WHERE chosen.org_id = mine.org_id AND chosen.id = mine.id AND NOT mine.is_default;
ALTER TABLE addresses FORCE ROW LEVEL SECURITY;
ALTER TABLE addresses
    ALTER COLUMN street SET NOT NULL, ALTER COLUMN city SET NOT NULL, ALTER COLUMN country SET NOT NULL;
"""

# The customer's row is locked before the look, so that of two transactions the later one sees what the earlier did.
# Whoever changes addresses locks it first as well (bff.addresses.repository): both wait in the same order.
REQUIRE_DEFAULT = """
CREATE FUNCTION require_default_address() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    changed record;
BEGIN
    FOR changed IN
        SELECT DISTINCT org_id, customer_id
        FROM (VALUES (OLD.org_id, OLD.customer_id), (NEW.org_id, NEW.customer_id)) AS pair (org_id, customer_id)
        WHERE customer_id IS NOT NULL
    LOOP
        PERFORM FROM customers WHERE org_id = changed.org_id AND id = changed.customer_id FOR NO KEY UPDATE;
        PERFORM FROM addresses WHERE org_id = changed.org_id AND customer_id = changed.customer_id
            HAVING count(*) > 0 AND NOT bool_or(is_default);
        IF FOUND THEN
            RAISE EXCEPTION 'one address of a customer must be the default'
                USING ERRCODE = 'check_violation', CONSTRAINT = 'addresses_need_default', TABLE = 'addresses';
        END IF;
    END LOOP;
    RETURN NULL;
END $$;
CREATE CONSTRAINT TRIGGER addresses_need_default AFTER INSERT OR UPDATE OR DELETE ON addresses
    DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION require_default_address();
"""


def upgrade() -> None:
    execute(CHOOSE_MISSING)
    execute(REQUIRE_DEFAULT)
