"""How long a leased value may live, wait and be shown."""

import msgspec


class LeasePolicy(msgspec.Struct, frozen=True, kw_only=True):
    """All in seconds, except `jitter`.

    `dirty_s` must exceed the longest write by a margin (the writer's timeout and ten seconds more), and
    `lease_s` the longest load: a fill that comes after its lease has run out is refused.
    """

    ttl_s: float = 600.0
    """A value older than this is read again."""
    jitter: float = 0.1
    """Fraction by which lifetimes differ at random, so that values filled together do not end together."""
    absent_ttl_s: float = 5.0
    """How long 'there is no such thing' is remembered."""
    lease_s: float = 4.0
    """How long one reader may load while others wait for it."""
    dirty_s: float = 30.0
    """How long the mark of a writer that never came back keeps the key out of the cache."""
    unwatched_ttl_s: float | None = 30.0
    """The lifetime while nobody beats, i.e. while changes may go unnoticed. None: no beat is expected."""
    wait_s: float = 2.0
    """How long a reader waits for the load of another process before it asks the source itself."""
    serve_stale_s: float = 3600.0
    """How old a value may still be shown, marked stale, when the source fails."""
