"""The registry of what can be delivered. A feature adds its kind by importing this and nothing of it changes here."""

from abc import ABC, abstractmethod
from collections.abc import Callable
from typing import ClassVar

from sqlalchemy.ext.asyncio import AsyncSession

from bff.adapters import Adapters
from bff.deliveries.outcomes import Delivered, Delivery, Outcome, Refused


class DeliveryHandler(ABC):
    """How one kind of delivery is sent, looked for and settled. Instances hold no state."""

    timeout_s: ClassVar[float] = 20.0
    """The longest that `find` and `send` may take together; the lease of a claim is a little longer."""

    @abstractmethod
    async def send(self, delivery: Delivery, adapters: Adapters) -> Outcome:
        """Send once, outside any transaction. An exception that escapes counts as `Unknown`."""

    @abstractmethod
    async def find(self, delivery: Delivery, adapters: Adapters) -> Delivered | None:
        """Ask Salesforce by the delivery's id whether an earlier try took effect. Exceptions mean "ask again"."""

    @abstractmethod
    async def settle(self, session: AsyncSession, delivery: Delivery, outcome: Delivered | Refused) -> None:
        """Write the domain row in the transaction that settles the delivery; runs exactly once per delivery."""

    async def settled(self, delivery: Delivery, adapters: Adapters) -> None:  # noqa: B027 – most need nothing
        """After that transaction: let caches forget and open pages look again. A crash in between skips it."""


_HANDLERS: dict[str, DeliveryHandler] = {}


def handler(kind: str) -> Callable[[type[DeliveryHandler]], type[DeliveryHandler]]:
    """Class decorator: `@handler("eligibility_request")`. A kind is part of stored rows and never changes."""

    def register(handler_class: type[DeliveryHandler]) -> type[DeliveryHandler]:
        if kind in _HANDLERS and type(_HANDLERS[kind]) is not handler_class:
            raise ValueError(f"two handlers for deliveries of kind {kind}")
        _HANDLERS[kind] = handler_class()
        return handler_class

    return register


def find_handler(kind: str) -> DeliveryHandler | None:
    return _HANDLERS.get(kind)
