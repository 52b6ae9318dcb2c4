"""One try of a delivery, from the claim to its outcome."""

import asyncio

import structlog

from bff.adapters import Adapters
from bff.deliveries.handlers import DeliveryHandler
from bff.deliveries.outcomes import Outcome, Retry, Unknown
from bff.deliveries.table import Claimed
from sf_sync.errors import SalesforceError

log = structlog.get_logger(__name__)


async def send_or_find(handler: DeliveryHandler | None, claimed: Claimed, adapters: Adapters) -> Outcome:
    """One try within the lease: whatever an earlier one may have done is looked for first."""
    delivery = claimed.delivery
    if handler is None:
        return Retry("This process does not know how to deliver this.")
    try:
        async with asyncio.timeout(handler.timeout_s):
            if delivery.unknown and (found := await handler.find(delivery, adapters)):
                return found
            return await handler.send(delivery, adapters)
    except TimeoutError:
        return Unknown("Salesforce did not answer in time.")
    except SalesforceError as error:
        log.warning("delivery_not_looked_for", delivery=delivery.id, error=type(error).__name__)
        return Unknown("Salesforce could not be asked what became of the earlier try.")
    except Exception as error:  # whatever it is, the promise stands and the next try looks first
        log.exception("delivery_handler_failed", delivery=delivery.id, delivery_kind=delivery.kind)
        return Unknown(f"The try ended with {type(error).__name__}.")
