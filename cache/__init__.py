"""Redis mechanism: leased values, limits, leadership, broadcast.

Knows no business word and imports neither `sf_sync` nor `bff`.
"""
