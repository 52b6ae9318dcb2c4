"""When a job that raised is run again."""

import random

from procrastinate import BaseRetryStrategy, RetryDecision
from procrastinate.jobs import Job


class JitteredRetry(BaseRetryStrategy):
    """Full jitter between 1 s and a doubling ceiling of at most 60 s, for as long as `max_attempts` allow.

    For jobs whose own failure is the database's or a bug: what Salesforce answers is an outcome, not an exception.
    """

    def __init__(self, *, max_attempts: int = 25) -> None:
        self._max_attempts = max_attempts

    def get_retry_decision(self, *, exception: BaseException, job: Job) -> RetryDecision | None:
        if job.attempts >= self._max_attempts:
            return None
        ceiling_s = min(60, 2 ** min(job.attempts + 1, 6))
        return RetryDecision(retry_in={"seconds": 1 + round(random.random() * ceiling_s)})  # noqa: S311
