"""Organisations: which there are and what language and region their customers have.

`orgs` belongs to no org and is readable by all; everything else a tenant owns is behind row-level security.
May import `bff.db`; its controllers `bff.identity`, `bff.audit` and `bff.problems`, which stand on the rest of it.
"""

from bff.tenancy.orgs import Org, find_org, list_orgs

__all__ = ["Org", "find_org", "list_orgs"]
