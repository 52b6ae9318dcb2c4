"""How much of the org's daily API allocation is used, as every answer tells it."""


class ApiBudget:
    """`used` and `limit` calls of the rolling 24 hours; 0 and None until an answer has told."""

    def __init__(self) -> None:
        self.used = 0
        self.limit: int | None = None

    @property
    def share(self) -> float:
        """From 0.0 (nothing used, or not known yet) to 1.0 and beyond."""
        return self.used / self.limit if self.limit else 0.0
