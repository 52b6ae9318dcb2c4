"""The gate: may this cart be submitted, and if not, what blocks it and what is the one next action.

May import `bff.eligibility`, `bff.verification`, `bff.catalog`, `bff.overrides` and what lies below the features.
"""
