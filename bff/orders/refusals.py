"""Why an order is not placed, and what the customer can do instead."""

from uuid import UUID

import msgspec

from bff.checkout.rules import Verdict
from bff.checkout.schemas import ProblemAnswer, make_problems
from bff.errors import PortalError, Problem
from bff.next_actions import make_next_action
from bff.texts import N_, Texts


class OrderRefusal(PortalError):
    """Raised in no language; `speak` puts it into the customer's."""

    def speak(self, texts: Texts) -> None:
        self.sentence = texts.say(self.detail)


class BlockedProblem(Problem, frozen=True, kw_only=True, rename="camel", omit_defaults=True):
    """The problems and the next action as the gate's evaluation gives them. `decisionId` is for the support desk."""

    problems: list[ProblemAnswer]
    decision_id: UUID


class OrderBlocked(OrderRefusal):
    """The gate says no; nothing was created."""

    status = 409
    code = "order_blocked"
    detail = N_("Your order cannot be placed yet.")

    def __init__(self, verdict: Verdict, decision_id: UUID) -> None:
        super().__init__()
        self.verdict = verdict
        self.decision_id = decision_id
        self._problems: list[ProblemAnswer] = []

    def speak(self, texts: Texts) -> None:
        super().speak(texts)
        self.next_action = make_next_action(self.verdict.next_action, texts)
        self._problems = make_problems(self.verdict, texts)

    def extend(self, problem: Problem) -> Problem:
        return BlockedProblem(
            **msgspec.structs.asdict(problem), problems=self._problems, decision_id=self.decision_id
        )


class OrderNotChecked(OrderRefusal):
    """Salesforce could not be asked; nothing was created, and the cart is kept."""

    status = 503
    code = "source_unavailable"
    detail = N_("We cannot confirm this at the moment. Please try again shortly.")


class OrderUnconfirmed(OrderRefusal):
    """The order was sent and no answer came in time: it may exist. A repetition under the same key finds out."""

    status = 503
    code = "order_unconfirmed"
    detail = N_(
        "We could not confirm your order in time. Please try again in a moment: it will not be placed twice."
    )


class TooManyOfOne(PortalError):
    status = 422
    code = "too_many_of_one"
    detail = N_("Of one product, 99 can be ordered at once at most.")
