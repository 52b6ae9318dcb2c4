"""The job queue: procrastinate on the same PostgreSQL, so that a job commits with the row that needs it.

May import `bff.db` and `bff.settings`; features register their tasks on `tasks`.
"""

from bff.jobs.queue import EVERY_10_S, EVERY_15_S, Jobs, tasks
from bff.jobs.retries import JitteredRetry
from bff.jobs.worker import run_worker

__all__ = ["EVERY_10_S", "EVERY_15_S", "JitteredRetry", "Jobs", "run_worker", "tasks"]
