"""Which customers a phone number belongs to, why we think so, and the words by which customers are found.

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
CREATE INDEX phone_links_by_customer ON phone_links (org_id, customer_id, last4);

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
CREATE INDEX orders_by_placing ON orders (org_id, placed_at, id) WHERE state IN ('placed', 'on_hold');

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

# Width, case, accents, vowel marks, spellings of alef, yeh and teh marbuta, and the two kana are folded; punctuation
# parts words, and apostrophes go: what `translate` has no counterpart for it drops. Written without the classes of
# regular expressions, which mean other things under other locales.
FOLDING = r"""
CREATE FUNCTION fold_name(name text) RETURNS text LANGUAGE sql IMMUTABLE PARALLEL SAFE RETURN
    btrim(regexp_replace(
        translate(
            lower(normalize(
                regexp_replace(normalize(name, NFKD), U&'[\0300-\036F\064B-\065F\0670\0640]', '', 'g'), NFKC)),
            'أإآٱىةؤئ٠١٢٣٤٥٦٧٨٩۰۱۲۳۴۵۶۷۸۹'
            'ァアィイゥウェエォオカガキギクグケゲコゴサザシジスズセゼソゾタダチヂッツヅテデトドナニヌネノハバパヒビピフブプヘベペホボポ'
            'マミムメモャヤュユョヨラリルレロヮワヰヱヲンヴ' || '''’‘´`',
            'ااااي' || 'ه' || 'وي' || '01234567890123456789'
            'ぁあぃいぅうぇえぉおかがきぎくぐけげこごさざしじすずせぜそぞただちぢっつづてでとどなにぬねのはばぱひびぴふぶぷへべぺほぼぽ'
            'まみむめもゃやゅゆょよらりるれろゎわゐゑをんゔ'),
        U&'[]\005B \0009\000A\000D.,;:!?(){}<>/\005C\005C|"“”_\2010-\2015\30FB、。·-]+', ' ', 'g'));
"""

# Kept by a trigger, so that no way of writing a customer can forget it.
NAMES = r"""
CREATE TABLE customer_names (
    org_id uuid NOT NULL,
    customer_id uuid NOT NULL,
    word text COLLATE "C" NOT NULL,
    PRIMARY KEY (org_id, word, customer_id),
    FOREIGN KEY (org_id, customer_id) REFERENCES customers (org_id, id) ON DELETE CASCADE
);
CREATE INDEX customer_names_by_customer ON customer_names (org_id, customer_id, word);

CREATE FUNCTION list_name_words(first_name text, last_name text, name2 text) RETURNS SETOF text
LANGUAGE sql IMMUTABLE AS $$
    WITH names (name) AS (VALUES (fold_name(concat_ws(' ', last_name, first_name))), (fold_name(name2)))
    SELECT word FROM names, regexp_split_to_table(name, ' ') AS word WHERE word <> ''
    -- Ideographs and kana are written without spaces between the names.
    UNION
    SELECT replace(name, ' ', '') FROM names WHERE name ~ U&'[\3041-\30FF\3400-\9FFF\F900-\FAFF]'
$$;

CREATE FUNCTION index_customer_name() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_OP = 'UPDATE' THEN
        DELETE FROM customer_names WHERE org_id = NEW.org_id AND customer_id = NEW.id;
    END IF;
    INSERT INTO customer_names (org_id, customer_id, word)
        SELECT NEW.org_id, NEW.id, left(word, 200)
        FROM list_name_words(NEW.first_name, NEW.last_name, NEW.name2) AS word
        ON CONFLICT DO NOTHING;
    RETURN NULL;
END $$;
CREATE TRIGGER customers_named AFTER INSERT OR UPDATE OF first_name, last_name, name2 ON customers
    FOR EACH ROW EXECUTE FUNCTION index_customer_name();

ALTER TABLE customers NO FORCE ROW LEVEL SECURITY;
INSERT INTO customer_names (org_id, customer_id, word)
    SELECT DISTINCT org_id, id, left(word, 200) FROM customers, list_name_words(first_name, last_name, name2) AS word;
ALTER TABLE customers FORCE ROW LEVEL SECURITY;

CREATE INDEX customers_by_email ON customers (org_id, email);
"""


def upgrade() -> None:
    execute(LINKS)
    execute(FOLDING)
    execute(NAMES)
    execute(ORDERS)
    protect("phone_links", grants="SELECT, INSERT, UPDATE")
    protect("customer_names", grants="SELECT, INSERT, DELETE")
    protect("operator_phones", grants="SELECT, INSERT, DELETE")
    protect("phone_settings", grants="SELECT, INSERT, UPDATE")
    protect("phone_backfills", grants="SELECT, INSERT, UPDATE, DELETE")
