"""Refusals that tell the customer, in the customer's language, the one thing that helps."""

from typing import ClassVar

from bff.errors import PortalError
from bff.next_actions import NextActionCode, make_next_action
from bff.texts import Texts


class GuidedRefusal(PortalError):
    """`next_step` is that one thing."""

    next_step: ClassVar[NextActionCode]

    def speak(self, texts: Texts) -> None:
        """With the next action, which belongs to the kind of refusal."""
        super().speak(texts)
        self.next_action = make_next_action(self.next_step, texts)
