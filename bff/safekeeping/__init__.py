"""What customers' documents need at rest: sealed under keys outside the database, scanned when a scanner is configured.

Knows no feature and imports nothing of the product.
"""
