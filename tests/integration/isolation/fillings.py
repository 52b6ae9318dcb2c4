"""What each route needs to be asked well, so that a refusal is about whose thing it is and not about its form.

A new route whose path, query or body names an id that is not here fails the tests until it is added.
"""

from datetime import UTC, datetime, timedelta
from typing import Any

SOON = (datetime.now(UTC) + timedelta(days=1)).isoformat()

NAMES = {
    "customer_id",
    "address_id",
    "link_id",
    "order_id",
    "override_id",
}
"""Path parameters that name somebody's thing."""

NOBODYS = {"/static/{name}", "/schema/{path}"}
"""Paths whose parameters name nothing that belongs to anybody."""

QUERIES = {
    ("GET", "/api/v1/gate-decisions", "accountId"): "account_id",
    ("GET", "/api/v1/gate-decisions", "orderId"): "order_id",
    ("GET", "/api/v1/gate-overrides", "accountId"): "account_id",
}

BODIES: dict[tuple[str, str], Any] = {
    ("PATCH", "/api/v1/customers/{customer_id}"): {"name2": "x"},
    ("POST", "/api/v1/customers/{customer_id}/upgrade"): {"type": "stub", "phone": "090-1234-5678"},
    ("POST", "/api/v1/customers/{customer_id}/claim-link"): None,
    ("POST", "/api/v1/customers/{customer_id}/addresses"): {"street": "1-2-3", "city": "Tokyo"},
    ("PATCH", "/api/v1/customers/{customer_id}/addresses/{address_id}"): {"city": "Osaka"},
    ("POST", "/api/v1/customers/{customer_id}/phone-links"): {"phone": "090-3333-0000"},
}
"""Of routes with an id in their path that take a body."""

PARAMS = {("DELETE", "/api/v1/customers/{customer_id}/phone-links/{link_id}"): {"reason": "stale"}}
"""Query parameters that such a route needs besides."""

NAMED_IN_BODY: dict[tuple[str, str, str], tuple[str, Any]] = {
    ("POST", "/api/v1/gate-overrides", "accountId"): (
        "account_id",
        {"productType": "sim", "reason": "x", "endsAt": SOON},
    ),
}
"""Bodies that name somebody's thing: by which id, and the rest of the body."""

ENDLESS = {"/api/status/stream"}
MALFORMED = (
    "0",
    "not-an-id",
    "%27%20OR%201=1",
    "..%2F..",
    "00000000-0000-4000-8000-00000000000g",
    "%F0%9F%92%A9",
)
