"""Server-sent events: a customer's facts, told whenever they change.

May import `bff.eligibility`, `bff.verification` and what lies below the features.
"""
