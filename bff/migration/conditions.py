"""What must hold before an org leaves a phase, as pure sentences on measured values."""

from collections.abc import Callable, Sequence

import msgspec

from bff.migration.phases import Phase

FOLLOW_S = 2.0
"""Every process looks at the phases twice a second."""


class Measures(msgspec.Struct, frozen=True, kw_only=True):
    """One measurement of one org. `passes_clean` counts clean full passes in a row since the last change by the
    migration; `since_change_s` are seconds since the phase began. `moved` counts ignored rows in.
    """

    salesforce_answers: bool
    since_change_s: float
    rows: int
    moved: int
    waiting: int
    reported: int
    ignored: int
    uncopied: int
    unverified: int
    deliveries_waiting: int
    deliveries_parked: int
    passes_clean: int
    clean_since_phase: bool
    compared: int
    mismatched: int
    percent: int
    wanted_reads: int

    @property
    def unmoved(self) -> int:
        """Rows that are neither in Salesforce nor ignored."""
        return max(0, self.rows - self.moved)


class Condition(msgspec.Struct, frozen=True):
    """`blocker` is the sentence for an operator while it does not hold."""

    name: str
    holds: Callable[[Measures], bool]
    blocker: Callable[[Measures], str]


ANSWERS = Condition(
    "salesforce answers", lambda m: m.salesforce_answers, lambda m: "Salesforce cannot be reached."
)
FOLLOWED = Condition(
    "every process has had time to follow",
    lambda m: m.since_change_s >= FOLLOW_S,
    lambda m: "The phase has just begun: wait two seconds, until every process writes to both sides.",
)
ALL_MOVED = Condition(
    "every document is moved",
    lambda m: m.unmoved == 0 and m.waiting == 0 and m.reported == 0,
    lambda m: _tell_unmoved(m),
)
NOTHING_WAITS = Condition(
    "nothing waits for Salesforce",
    lambda m: m.deliveries_waiting + m.deliveries_parked == 0,
    lambda m: f"{m.deliveries_waiting} deliveries wait for Salesforce and {m.deliveries_parked} are parked.",
)
TWO_CLEAN = Condition(
    "two clean full passes in a row, both begun after the last change by the migration",
    lambda m: m.passes_clean >= 2,
    lambda m: f"{m.passes_clean} of 2 clean passes in a row so far: run bff migrate verify.",
)
ENOUGH_READS = Condition(
    "enough reads compared",
    lambda m: m.compared >= m.wanted_reads,
    lambda m: f"{m.compared} of {m.wanted_reads} reads compared so far.",
)
NONE_DIFFERED = Condition(
    "no read differed",
    lambda m: m.mismatched == 0,
    lambda m: (
        f"{m.mismatched} of {m.compared} reads differed: bff migrate verify --repair, then back and advance."
    ),
)
TABLE_COMPLETE = Condition(
    "the table has every upload",
    lambda m: m.uncopied == 0,
    lambda m: f"{m.uncopied} uploads are in Salesforce and not in the table: bff migrate verify --repair.",
)
ALL_ANSWERED = Condition(
    "every account is answered by Salesforce",
    lambda m: m.percent >= 100,
    lambda m: f"Salesforce answers for {m.percent} % of the accounts: bff migrate advance --percent 100.",
)
CLEAN_SINCE = Condition(
    "a clean pass since",
    lambda m: m.clean_since_phase,
    lambda m: "No clean pass since Salesforce answers: run bff migrate verify.",
)
ALL_VERIFIED = Condition(
    "every row is verified",
    lambda m: m.unverified == 0,
    lambda m: f"{m.unverified} rows are not verified: run bff migrate verify.",
)

CONDITIONS: dict[Phase, Sequence[Condition]] = {
    Phase.LEGACY: (ANSWERS,),
    Phase.DUAL_WRITE: (ANSWERS, FOLLOWED),
    Phase.BACKFILL: (ALL_MOVED, NOTHING_WAITS),
    Phase.VERIFY: (TWO_CLEAN,),
    Phase.SHADOW_READ: (ENOUGH_READS, NONE_DIFFERED, TABLE_COMPLETE),
    Phase.RAMP: (ALL_ANSWERED, NONE_DIFFERED),
    Phase.SALESFORCE: (CLEAN_SINCE, NOTHING_WAITS, TABLE_COMPLETE),
    Phase.SALESFORCE_ONLY: (ALL_VERIFIED,),
    Phase.PURGED: (),
}


def find_blocker(phase: Phase, measures: Measures) -> str | None:
    """The first condition that does not hold, as a sentence; None when the phase may be left."""
    return next((each.blocker(measures) for each in CONDITIONS[phase] if not each.holds(measures)), None)


def _tell_unmoved(measures: Measures) -> str:
    if measures.reported:
        return (
            f"{measures.reported} rows cannot be moved: bff migrate status --rows tells why; mend them, or"
            " bff migrate ignore."
        )
    return f"{measures.unmoved} rows are not in Salesforce yet: run bff migrate backfill."
