"""Run by Alembic: applies revisions over the connection that `bff.db.upgrade` hands in."""

from alembic import context

context.configure(
    connection=context.config.attributes["connection"],
    transaction_per_migration=True,
)
with context.begin_transaction():
    context.run_migrations()
