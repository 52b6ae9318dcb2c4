"""Moving identity documents from the portal's own table to Salesforce Files, phase by phase, without losing one.

All that differs by phase is here: `side` is what the rest of the product meets while an org moves, and an org that does
not move never enters. May import `verification` and the rows below it, `bff.legacy`, `sf_sync` and `cache`.
"""
