"""The gate: may this cart be submitted, and if not, what blocks it and what is the one next action.

May import `bff.eligibility`, `bff.catalog` and what lies below the features.
"""
