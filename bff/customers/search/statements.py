"""The SQL that finds customers.

Each compares plain columns with operators that are leakproof, because nothing else may use an index under row-level
security; ranges stand for prefixes. The page is cut before anything is joined to it. There is one statement for a
first page and one for those after it: a condition that may be absent keeps an index unused.
"""

from sqlalchemy import TextClause, text

from bff.phones import SHARED_ABOVE

_CUSTOMER = (
    " c.id, c.number, orgs.number_format, c.kind, c.status, c.created_context, c.first_name, c.last_name, c.name2,"
    " c.phone, c.email, c.phone_verified_at IS NOT NULL AS is_phone_verified,"
    " c.email_verified_at IS NOT NULL AS is_email_verified, c.created_at"
)
_JOINED = " JOIN customers c ON c.org_id = :org AND c.id = page.customer_id JOIN orgs ON orgs.id = c.org_id"

EXACT = "{row}.phone = :phone"
LAST4 = "{row}.last4 = :digits"
ENDING = "{row}.reversed >= :reversed AND {row}.reversed < :reversed_end"

_LINK_ORDER = "{row}.is_verified DESC, {row}.last_seen_at DESC, {row}.id DESC"
_AFTER_LINK = (
    " AND (hit.is_verified, hit.last_seen_at, hit.id) < (:is_verified, CAST(:at AS timestamptz), :id)"
)
# A customer with several numbers that match stands at the best of them, and only there.
_BEST = (
    " AND NOT EXISTS (SELECT FROM phone_links better WHERE better.org_id = :org AND better.is_live"
    " AND better.customer_id = hit.customer_id AND {better}"
    " AND (better.is_verified, better.last_seen_at, better.id) > (hit.is_verified, hit.last_seen_at, hit.id))"
)
_LINKS = (
    "WITH page AS (SELECT hit.customer_id, hit.is_verified, hit.last_seen_at, hit.id FROM phone_links hit"
    " WHERE hit.org_id = :org AND hit.is_live AND {hit}{best}{after} ORDER BY {hit_order} LIMIT :limit)"
    " SELECT{customer}, m.id AS link_id, m.phone AS link_phone, m.source, m.is_verified, m.first_seen_at,"
    " m.last_seen_at, m.times, sharing.customers > ({shared_above}) AS is_shared"
    " FROM page{joined} JOIN phone_links m ON m.org_id = :org AND m.is_live AND m.customer_id = c.id AND {m}"
    " CROSS JOIN LATERAL (SELECT count(*) AS customers FROM (SELECT FROM phone_links s WHERE s.org_id = :org"
    "  AND s.is_live AND s.phone = m.phone LIMIT ({shared_above}) + 1) AS few) AS sharing"
    " ORDER BY {page_order}, {m_order}"
)


def _search_links(condition: str, *, is_paged: bool) -> TextClause:
    return text(
        _LINKS.format(
            hit=condition.format(row="hit"),
            m=condition.format(row="m"),
            # One number has one link to a customer.
            best="" if condition is EXACT else _BEST.format(better=condition.format(row="better")),
            after=_AFTER_LINK if is_paged else "",
            customer=_CUSTOMER,
            joined=_JOINED,
            shared_above=SHARED_ABOVE,
            hit_order=_LINK_ORDER.format(row="hit"),
            page_order=_LINK_ORDER.format(row="page"),
            m_order=_LINK_ORDER.format(row="m"),
        )
    )


LINK_SEARCHES = {
    (condition, is_paged): _search_links(condition, is_paged=is_paged)
    for condition in (EXACT, LAST4, ENDING)
    for is_paged in (False, True)
}

FOLD = text("SELECT fold_name(:name)")

_NAMES = (
    "WITH page AS (SELECT hit.word, hit.customer_id FROM customer_names hit WHERE hit.org_id = :org"
    " AND hit.word >= :word AND hit.word < :word_end{after}"
    " AND NOT EXISTS (SELECT FROM customer_names better WHERE better.org_id = :org"
    "  AND better.customer_id = hit.customer_id AND better.word >= :word AND better.word < hit.word)"
    " AND NOT EXISTS (SELECT FROM unnest(CAST(:others AS text[]), CAST(:other_ends AS text[])) AS other (word, stop)"
    "  WHERE NOT EXISTS (SELECT FROM customer_names also WHERE also.org_id = :org"
    "   AND also.customer_id = hit.customer_id AND also.word >= other.word AND also.word < other.stop))"
    " ORDER BY hit.word, hit.customer_id LIMIT :limit)"
    " SELECT{customer}, page.word FROM page{joined} ORDER BY page.word, page.customer_id"
)


def _search_names(*, is_paged: bool) -> TextClause:
    after = " AND (hit.word, hit.customer_id) > (:after_word, :after_id)" if is_paged else ""
    return text(_NAMES.format(after=after, customer=_CUSTOMER, joined=_JOINED))


NAME_SEARCHES = {is_paged: _search_names(is_paged=is_paged) for is_paged in (False, True)}

_EMAILS = (
    "WITH page AS (SELECT id AS customer_id, email_verified_at IS NOT NULL AS is_verified, created_at, id"
    " FROM customers WHERE org_id = :org AND email = :email{after}"
    " ORDER BY is_verified DESC, created_at DESC, id DESC LIMIT :limit)"
    " SELECT{customer} FROM page{joined} ORDER BY page.is_verified DESC, page.created_at DESC, page.id DESC"
)
_AFTER_EMAIL = (
    " AND (email_verified_at IS NOT NULL, created_at, id) < (:is_verified, CAST(:at AS timestamptz), :id)"
)


def _search_emails(*, is_paged: bool) -> TextClause:
    after = _AFTER_EMAIL if is_paged else ""
    return text(_EMAILS.format(after=after, customer=_CUSTOMER, joined=_JOINED))


EMAIL_SEARCHES = {is_paged: _search_emails(is_paged=is_paged) for is_paged in (False, True)}

GET_NUMBER_FORMAT = text("SELECT number_format FROM orgs WHERE id = :org")
BY_NUMBER = text(
    "WITH page AS (SELECT id AS customer_id FROM customers WHERE org_id = :org AND number = :number)"  # noqa: S608
    f" SELECT{_CUSTOMER} FROM page{_JOINED}"
)
