"""Tiles: what the customer could do next, from the same gate as every other page.

May import `bff.orders` and what that may import.
"""
