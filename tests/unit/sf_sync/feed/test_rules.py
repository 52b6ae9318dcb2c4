"""Each kind of change event has one written outcome."""

import pytest

from sf_sync.feed.header import EventHeader
from sf_sync.feed.rules import Forget, ForgetAll, Nothing, Outcome, Plan, Reason, decide, plan_response

ONE, TWO = "001000000000001AAA", "001000000000002AAA"
MIXED_15, MIXED_18 = "001xx000003DHP0", "001xx000003DHP0AAO"
OVERFLOW = ForgetAll(Reason.OVERFLOW)
WILDCARD = ForgetAll(Reason.WILDCARD)
NO_ID = ForgetAll(Reason.NO_USABLE_ID)

TABLE: list[tuple[str, str, tuple[str, ...], Outcome]] = [
    # entity, change type, record ids, outcome
    ("Account", "CREATE", (ONE,), Forget((ONE,))),
    ("Account", "UPDATE", (ONE,), Forget((ONE,))),
    ("Account", "DELETE", (ONE,), Forget((ONE,))),
    ("Account", "UNDELETE", (ONE,), Forget((ONE,))),
    ("Account", "SNAPSHOT", (ONE,), Forget((ONE,))),
    ("Account", "GAP_CREATE", (ONE,), Forget((ONE,))),
    ("Account", "GAP_UPDATE", (ONE,), Forget((ONE,))),
    ("Account", "GAP_DELETE", (ONE,), Forget((ONE,))),
    ("Account", "GAP_UNDELETE", (ONE,), Forget((ONE,))),
    ("Account", "NEVER_HEARD_OF", (ONE,), Forget((ONE,))),
    # several records in one event
    ("Account", "UPDATE", (ONE, TWO), Forget((ONE, TWO))),
    ("Account", "GAP_UPDATE", (ONE, TWO), Forget((ONE, TWO))),
    # 15 characters are widened
    ("Account", "UPDATE", (MIXED_15,), Forget((MIXED_18,))),
    ("Account", "UPDATE", (MIXED_15, ONE), Forget((MIXED_18, ONE))),
    # too much to name
    ("Account", "GAP_OVERFLOW", ("000000000000000AAA",), OVERFLOW),
    ("Account", "GAP_OVERFLOW", (), OVERFLOW),
    ("Account", "GAP_OVERFLOW", (ONE,), OVERFLOW),
    ("Account", "GAP_UPDATE", ("000000000000000AAA",), OVERFLOW),
    ("Account", "UPDATE", ("001*",), WILDCARD),
    ("Account", "GAP_UPDATE", (ONE, "001*"), WILDCARD),
    # ids that cannot be used
    ("Account", "UPDATE", (), NO_ID),
    ("Account", "UPDATE", ("",), NO_ID),
    ("Account", "UPDATE", (ONE, "001"), NO_ID),
    ("Account", "UPDATE", ("001000000000001aaa",), NO_ID),
    ("Account", "UPDATE", ("00100000000000１AAA",), NO_ID),
    ("Account", "UPDATE", (ONE + "\n",), NO_ID),
    # another entity of a shared channel
    ("Contact", "UPDATE", ("003000000000001AAA",), Nothing()),
    ("Contact", "GAP_OVERFLOW", ("000000000000000AAA",), Nothing()),
    ("Contact", "UPDATE", ("003*",), Nothing()),
    ("Contact", "UPDATE", (), Nothing()),
]


class TestDecide:
    @pytest.mark.parametrize(("entity", "change_type", "ids", "outcome"), TABLE)
    def test_follows_the_table(
        self, entity: str, change_type: str, ids: tuple[str, ...], outcome: Outcome
    ) -> None:
        assert decide(EventHeader(entity, ids, change_type, 0), entity="Account") == outcome


class TestPlanResponse:
    def test_forgets_each_record_once_in_the_order_of_the_events(self) -> None:
        plan = plan_response([Forget((TWO,)), Forget((ONE, TWO)), Nothing(), Forget((ONE,))])

        assert plan == Plan((TWO, ONE), ())

    def test_names_no_record_when_everything_is_forgotten(self) -> None:
        plan = plan_response([Forget((ONE,)), WILDCARD, OVERFLOW, WILDCARD])

        assert plan == Plan((), (Reason.WILDCARD, Reason.OVERFLOW))

    def test_does_nothing_for_a_keepalive(self) -> None:
        assert plan_response([]) == Plan((), ())
