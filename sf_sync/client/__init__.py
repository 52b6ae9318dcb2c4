"""The REST client: login, checked hosts, timeouts, lanes, breaker, retries and the API budget.

Speaks of calls and rows, never of products or customers. May import `sf_sync.errors`, `.ids` and `.settings`.
"""

from sf_sync.client.budget import ApiBudget
from sf_sync.client.lanes import Lane
from sf_sync.client.rest import SalesforceClient
from sf_sync.client.wire import Answer, SubAnswer, Subrequest

__all__ = ["Answer", "ApiBudget", "Lane", "SalesforceClient", "SubAnswer", "Subrequest"]
