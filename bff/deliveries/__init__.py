"""The outbox: writes to Salesforce that were promised to a customer and are tried until they are settled.

Knows no feature; a feature registers a `DeliveryHandler` for its kind with `@handler`. May import `bff.db`,
`bff.jobs`, `bff.adapters`, `bff.errors` and what lies below `bff`.
"""

from bff.deliveries import tasks as _tasks  # noqa: F401  (registers the jobs)
from bff.deliveries.handlers import DeliveryHandler, find_handler, handler
from bff.deliveries.outcomes import Delivered, Delivery, DeliveryState, Outcome, Refused, Retry, Unknown
from bff.deliveries.service import Deliveries, Pace

__all__ = [
    "Delivered",
    "Deliveries",
    "Delivery",
    "DeliveryHandler",
    "DeliveryState",
    "Outcome",
    "Pace",
    "Refused",
    "Retry",
    "Unknown",
    "find_handler",
    "handler",
]
