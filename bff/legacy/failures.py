"""What can be wrong with the older portal's database, as a sentence for the operator."""

from collections.abc import Iterator
from contextlib import contextmanager

from sqlalchemy.exc import DataError, DBAPIError, InterfaceError, OperationalError, ProgrammingError

from bff.errors import ServiceUnavailable


class LegacyUnavailable(ServiceUnavailable):
    """The older portal's database does not answer."""

    reason = "PostgreSQL cannot be reached at LEGACY_DATABASE_URL."


class LegacyMisfit(LegacyUnavailable):
    """It answers, and its table is not as LEGACY_TABLE and LEGACY_COLUMNS say, or its login may not do this.

    `reason` is PostgreSQL's first line, which names tables and columns, and no value.
    """

    def __init__(self, reason: str) -> None:
        super().__init__(retry_after_s=2)
        self.reason = f"The table at LEGACY_DATABASE_URL cannot be used: {reason}."


@contextmanager
def telling_failures() -> Iterator[None]:
    """Raises LegacyUnavailable, LegacyMisfit in place of the driver's errors."""
    try:
        yield
    except (OperationalError, InterfaceError, TimeoutError) as error:
        raise LegacyUnavailable(retry_after_s=2) from error
    except ProgrammingError as error:
        raise LegacyMisfit(str(error.orig).splitlines()[0]) from error
    except DataError as error:
        # After the colon stands the value.
        raise LegacyMisfit(str(error.orig).splitlines()[0].partition(":")[0]) from error
    except DBAPIError as error:
        if error.connection_invalidated:
            raise LegacyUnavailable(retry_after_s=2) from error
        raise
