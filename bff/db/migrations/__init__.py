"""Schema revisions in hand-written SQL, each in one transaction; expand, backfill, contract across releases.

Applied by `bff.db.upgrade`. Imports nothing of the product but its own `tenant` module.
"""
