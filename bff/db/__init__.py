"""PostgreSQL: the engine, one transaction per use case inside one org, tables and migrations.

Imports nothing of the product but `bff.settings` and `bff.errors`.
"""

from bff.db.database import Database, DatabaseUnavailable

__all__ = ["Database", "DatabaseUnavailable"]
