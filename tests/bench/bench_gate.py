"""The gate's pure rule time for a cart of 20 lines: everything blocked, which is its longest way, and all allowed."""

import statistics
import time

from bff.checkout.rules import CartLine, Fact, Standing, evaluate
from bff.next_actions import NextActionCode
from sf_sync.objects.account import EligibilityStatus, VerificationStatus
from sf_sync.objects.offer import ProductType
from tests.bench.table import Row

LINES = 20
ROUNDS, PER_ROUND = 25, 2_000
TARGET_US = 50

MIXED = [
    CartLine(f"NET-{number}", 1, ProductType.INTERNET, ("Home",))
    if number % 2
    else CartLine(f"SIM-{number}", 2, ProductType.SIM)
    for number in range(LINES)
]
ALLOWED = Standing(
    internet=Fact(status=EligibilityStatus.ELIGIBLE, result="Home"),
    sim=Fact(status=VerificationStatus.SUBMITTED),
)
BLOCKED = Standing(
    internet=Fact(status=EligibilityStatus.ELIGIBLE, result="Apartment"),
    sim=Fact(status=VerificationStatus.REJECTED, next_action=NextActionCode.RESUBMIT_ID, message="Too dark"),
)


def measure_us(standing: Standing) -> float:
    """Processor time of the median round, so that what else the machine does falls out."""
    rounds = []
    for _ in range(ROUNDS):
        began = time.thread_time()
        for _ in range(PER_ROUND):
            evaluate(MIXED, standing)
        rounds.append((time.thread_time() - began) / PER_ROUND * 1e6)
    return statistics.median(rounds)


def measure_rows() -> list[Row]:
    """Two rows; takes about a second."""
    return [
        Row("gate, 20 lines, allowed", f"{measure_us(ALLOWED):.1f} µs", f"target < {TARGET_US} µs"),
        Row("gate, 20 lines, 11 problems", f"{measure_us(BLOCKED):.1f} µs", f"target < {TARGET_US} µs"),
    ]
