"""Real PostgreSQL and Valkey for machines that have neither configured: found, started and stopped by us.

Development and tests only; production names its engines by `DATABASE_URL` and `REDIS_URL`. Imports nothing of the
product, so that tests and the command line may start an engine before anything else is there.
"""
