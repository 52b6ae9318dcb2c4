"""What can go wrong between this process and Redis.

| error | meaning |
|---|---|
| `CacheError` | the server refused a command, or an answer made no sense |
| `CacheUnavailable`, a `CacheError` | no answer: not connected, timed out, overloaded, loading, read only |
"""


class CacheError(Exception):
    """The server answered with an error (its text is the message) or with something unreadable."""


class CacheUnavailable(CacheError):
    """No usable answer came; whether the command was executed is unknown."""
