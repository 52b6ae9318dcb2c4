"""When a delivery is tried again and when it counts as parked. Pure: time and chance are arguments."""

from datetime import datetime, timedelta

import msgspec

from bff.deliveries.outcomes import DeliveryState, Retry, Unknown

BASE_S = 0.5
CAP_S = 30.0
PARK_AFTER_S = 15 * 60.0
PARKED_EVERY_S = 5 * 60.0
"""Parked is not given up: Salesforce may have been away for a night."""
UNKNOWN_FLOOR_S = 4.0
"""An unanswered call may still be at work over there for as long as we would have waited; asking sooner would not find
its effect and send a second one.
"""


class NextTry(msgspec.Struct, frozen=True):
    state: DeliveryState
    after_s: float


def plan_next_try(
    outcome: Retry | Unknown, *, attempts: int, created_at: datetime, now: datetime, chance: float
) -> NextTry:
    """`attempts` counts this one; `chance` is uniform in [0, 1): full jitter, so that a crowd spreads out."""
    floor_s = UNKNOWN_FLOOR_S if isinstance(outcome, Unknown) else outcome.after_s
    if now - created_at >= timedelta(seconds=PARK_AFTER_S):
        return NextTry(DeliveryState.PARKED, max(floor_s, PARKED_EVERY_S * (0.5 + chance / 2)))
    ceiling_s = min(CAP_S, BASE_S * 2 ** min(attempts, 10))
    return NextTry(DeliveryState.WAITING, floor_s + chance * ceiling_s)
