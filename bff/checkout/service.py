"""Evaluating a cart: read the account once, let the gate decide."""

from collections.abc import Sequence

from bff.checkout.rules import CartLine, InternetStanding, Standing, Verdict, evaluate
from bff.eligibility.reading import Look, Reader
from bff.identity import Caller


class Checkout:
    """One per process."""

    def __init__(self, reader: Reader) -> None:
        self._reader = reader

    async def evaluate(self, caller: Caller, lines: Sequence[CartLine]) -> Verdict:
        """For pages and carts: may answer from the cache, so it paints a button and lets nothing through."""
        return evaluate(lines, make_standing(await self._reader.look(caller)))


def make_standing(look: Look) -> Standing:
    shown = look.assessment
    return Standing(
        internet=InternetStanding(shown.status, shown.next_action) if shown else None,
        sim=look.verification.status if look.verification else None,
        is_stale=look.seen is not None and look.seen.freshness.stale,
        retry_after_s=look.retry_after_s,
    )
