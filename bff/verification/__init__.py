"""ID verification: the customer's document goes to Salesforce Files, the reviewer's verdict comes back.

May import the rows below the features (identity, db, deliveries, …), `sf_sync` and `cache`; no sibling feature.
"""
