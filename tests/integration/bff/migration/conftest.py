"""Fixtures of the migration's tests."""

from tests.integration.bff.migration.town import town

__all__ = ["town"]
