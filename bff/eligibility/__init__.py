"""Internet eligibility: what a customer is shown, and how a review is asked for and reaches Salesforce.

May import `bff.addresses` and what lies below the features; no sibling feature.
"""
