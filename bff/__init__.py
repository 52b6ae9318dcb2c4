"""The HTTP product: JSON API, portal pages, command line.

May import `sf_sync` and `cache`; its features are vertical slices that import no sibling.
"""
