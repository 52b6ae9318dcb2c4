"""An org with many customers and links, put into a running portal's database, and what to search for in it."""

import random
from itertools import product

import msgspec
import psycopg

ORG = "demo"
FIRST = [
    "Hana",
    "Kenji",
    "Sara",
    "Omar",
    "Noor",
    "Yuki",
    "Aiko",
    "Ren",
    "Sota",
    "Mei",
    "Mohammed",
    "Fatima",
    "Said",
    "Layla",
    "Ahmed",
    "Maryam",
    "Nasser",
    "Aisha",
]
LAST = [
    "Sato",
    "Suzuki",
    "Takahashi",
    "Tanaka",
    "Ito",
    "Watanabe",
    "Balushi",
    "Busaidi",
    "Harthi",
    "Lawati",
    "Kindi",
    "Rawahi",
    "Saleh",
    "Mori",
]
ENDINGS = [
    "a",
    "e",
    "i",
    "o",
    "u",
    "ka",
    "ki",
    "ku",
    "ke",
    "ko",
    "ra",
    "ri",
    "ru",
    "re",
    "ro",
    "na",
    "ni",
    "nu",
    "ne",
    "no",
]

# The owner is bound by forced row-level security, and triggers would take a minute for each hundred thousand.
OPEN = """
ALTER TABLE customers NO FORCE ROW LEVEL SECURITY; ALTER TABLE customers DISABLE TRIGGER USER;
ALTER TABLE customer_names NO FORCE ROW LEVEL SECURITY; ALTER TABLE phone_links NO FORCE ROW LEVEL SECURITY;
"""
CLOSE = """
ALTER TABLE customers FORCE ROW LEVEL SECURITY; ALTER TABLE customers ENABLE TRIGGER USER;
ALTER TABLE customer_names FORCE ROW LEVEL SECURITY; ALTER TABLE phone_links FORCE ROW LEVEL SECURITY;
"""
FILL_NAMES = """
INSERT INTO customer_names (org_id, customer_id, word)
SELECT org_id, id, word FROM customers, list_name_words(first_name, last_name, name2) AS word
WHERE number BETWEEN %s AND %s ON CONFLICT DO NOTHING
"""
FILL_COUNTER = "UPDATE customer_counters SET last = (SELECT max(number) FROM customers c WHERE c.org_id = %s)"


class Queries(msgspec.Struct, frozen=True):
    """Things that are there to be found."""

    phones: list[str]
    endings: list[str]
    names: list[str]


def make_phone(number: int) -> str:
    """A mobile number of Japan; far apart numbers share their last digits as real ones do."""
    return f"+8190{10_000_000 + number * 48_271 % 89_999_999:08d}"


def make_name(number: int) -> tuple[str, str]:
    """Some 250 first and 280 last names, spread evenly."""
    firsts = [first + ending for first, ending in product(FIRST, ENDINGS)]
    lasts = [last + ending for last, ending in product(LAST, ENDINGS)]
    return firsts[number % len(firsts)], lasts[number // len(firsts) * 7 % len(lasts)]


def fill(owner_url: str, *, customers: range, links: range, customers_in_all: int) -> None:
    """Adds customers by their numbers and links by theirs; a link goes to one of the customers at random."""
    with psycopg.connect(owner_url) as connection:
        connection.execute("SET statement_timeout = 0")
        connection.execute(OPEN)
        [org] = connection.execute("SELECT id FROM orgs WHERE slug = %s", [ORG]).fetchone() or [None]
        _copy_customers(connection, str(org), customers)
        connection.execute(FILL_NAMES, [1000 + customers.start, 1000 + customers.stop])
        _copy_links(connection, str(org), links, customers_in_all)
        connection.execute(FILL_COUNTER, [org])
        connection.execute(CLOSE)
    with psycopg.connect(owner_url, autocommit=True) as connection:
        connection.execute("VACUUM ANALYZE customers, customer_names, phone_links")


def _copy_customers(connection: "psycopg.Connection[tuple[object, ...]]", org: str, customers: range) -> None:
    columns = "org_id, id, kind, first_name, last_name, name2, email, number"
    with connection.cursor().copy(f"COPY customers ({columns}) FROM STDIN") as copy:
        for number in customers:
            first, last = make_name(number)
            email = f"{first}.{last}.{number}@bench.example".lower()
            copy.write_row((org, make_id(number), "stub", first, last, "佐藤 花子", email, 1000 + number))


def _copy_links(
    connection: "psycopg.Connection[tuple[object, ...]]", org: str, links: range, customers: int
) -> None:
    columns = "org_id, id, customer_id, phone, source, verified_at, first_seen_at, last_seen_at"
    chance = random.Random(links.start)
    with connection.cursor().copy(f"COPY phone_links ({columns}) FROM STDIN") as copy:
        for number in links:
            seen = f"2026-01-{1 + number % 28:02d} 12:{number % 60:02d}:{number * 7 % 60:02d}+00"
            verified = seen if number % 3 == 0 else None
            customer = make_id(chance.randrange(customers))
            row = (org, make_id(number), customer, make_phone(number), "order", verified, seen, seen)
            copy.write_row(row)


def make_id(number: int) -> str:
    """Spread over the index as random ones are."""
    return f"{number * 2_654_435_761 % 2**32:08x}-0000-4000-8000-{number:012x}"


def choose_queries(count: int, *, links: int, customers: int) -> Queries:
    chance = random.Random(count)
    phones = [make_phone(chance.randrange(links)) for _ in range(count)]
    names = [make_name(chance.randrange(customers)) for _ in range(count)]
    return Queries(
        phones=phones,
        endings=[phone[-chance.choice((4, 4, 5, 6, 8)) :] for phone in phones],
        names=[name[chance.randrange(2)][: chance.choice((2, 3, 4, 6))] for name in names],
    )
