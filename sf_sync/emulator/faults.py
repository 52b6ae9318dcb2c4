"""The switches that make the emulator misbehave while it runs: one mutable struct, set in process or over
HTTP.

`GET /emulator/faults` shows all switches, `PATCH` changes some, `PUT` sets those given and puts the others
back. An unknown switch is refused with the list of the valid ones.
"""

import random
from typing import Any

import msgspec

GATEWAY_PREFIX = "/services/data"


class Faults(msgspec.Struct, kw_only=True, dict=True):
    """Every switch at its default is an emulator that behaves. REST switches act on calls whose path starts
    with `path_prefix` and, if `method` is set, have that method; `times` limits how many calls they act
    on."""

    # Scope of the REST switches
    path_prefix: str = GATEWAY_PREFIX
    method: str = ""
    times: int | None = None
    """After this many sabotaged calls the REST switches (not latency) rest until `times` is set again; None:
    for ever."""
    seed: int | None = None
    """Seeds the dice of the ratios, so that a run can be repeated: setting it, even to the same number, starts them
    anew."""

    # REST: time
    latency_s: float = 0.0
    """Half passes before the call is handled and half after, so an answer can be older than what it arrives
    into."""
    upsert_window_s: float = 0.0
    """Opens the race of Salesforce's upsert: the time between looking a key up and inserting it. Two upserts
    of one new key inside it give the second a DUPLICATE_VALUE that names the first one's record."""

    # REST: refusals and odd answers
    unavailable: bool = False
    """503 SERVER_UNAVAILABLE."""
    unavailable_ratio: float = 0.0
    html_error: bool = False
    """502 with an HTML page, as an edge in front of Salesforce answers."""
    empty_body: bool = False
    """200 with no body, although the call was carried out."""
    request_limit: bool = False
    """403 REQUEST_LIMIT_EXCEEDED."""
    expired_session: bool = False
    """401 INVALID_SESSION_ID, for new tokens too. To revoke the tokens of now, `DELETE
    /emulator/sessions`."""
    lock_rows: bool = False
    """Every row that a call would write answers UNABLE_TO_LOCK_ROW."""
    wrong_account_id: bool = False
    """Account rows in answers carry the id of another account."""
    unknown_picklist: bool = False
    """Custom picklist fields of Account rows in answers carry a value that the picklist does not have."""

    # REST: cut connections. Over a socket the connection is closed; over httpx.ASGITransport httpx.ReadError
    # is raised.
    cut_before: bool = False
    """The connection is dropped before the call is handled: nothing was done."""
    cut_before_ratio: float = 0.0
    cut_after_commit: bool = False
    """The connection is dropped after the call was carried out and committed: done, but nobody was told."""
    cut_after_ratio: float = 0.0

    # Pub/Sub: refusals. They meet new calls; open streams are ended by `POST /emulator/stream/drop` or `revoke`.
    stream_unavailable: bool = False
    """Every call is refused with UNAVAILABLE."""
    stream_unauthenticated: bool = False
    """Every call is refused with UNAUTHENTICATED, whatever the token."""
    stream_missing_topics: tuple[str, ...] = ()
    """Topics that are not found, as when an object is not selected for change events."""
    stream_replay_expired: bool = False
    """Every replay id is refused as corrupted, which is also the platform's answer to an expired one."""
    stream_schema_unavailable: bool = False
    """GetSchema is refused with UNAVAILABLE."""
    stream_delivery_limit: int | None = None
    """How many events may still be delivered; at 0 the allocation is used up and streams end with
    RESOURCE_EXHAUSTED. None: no limit."""

    # Pub/Sub: delivery to open streams
    stream_stalled: bool = False
    """Streams stay open and nothing arrives, no keepalive either."""
    stream_delay_s: float = 0.0
    """Time between commit and delivery."""

    # Pub/Sub: what commits become from now on. For single odd events see `POST /emulator/stream/<action>`.
    stream_duplicates: bool = False
    """Every event comes twice, the second time under another replay id."""
    stream_merge: bool = False
    """Equal updates of several records in one transaction come as one event with several record ids."""
    stream_gaps: bool = False
    """Every change comes as a GAP_* event: record ids and nothing else."""

    def reset(self) -> None:
        """Put every switch back to its default."""
        self.change(msgspec.structs.asdict(type(self)()))

    def change(self, switches: dict[str, Any]) -> None:
        """Set the given switches. Raises UnknownSwitch or msgspec.ValidationError, and then changes
        nothing."""
        unknown = sorted(switches.keys() - set(self.__struct_fields__))
        if unknown:
            raise UnknownSwitch(unknown, self.__struct_fields__)
        checked = msgspec.convert({**msgspec.structs.asdict(self), **switches}, type(self))
        for name in switches:
            setattr(self, name, getattr(checked, name))
        if "seed" in switches:
            self._dice = Dice(self.seed)

    def roll(self) -> float:
        """The next throw of the dice, at least 0 and less than 1."""
        if self._dice.seed != self.seed:
            self._dice = Dice(self.seed)
        return self._dice.roll()

    def __post_init__(self) -> None:
        self._dice = Dice(self.seed)

    def __setattr__(self, name: str, value: object) -> None:
        # The dice need an attribute of their own, but a misspelt switch must not become one.
        if name not in self.__struct_fields__ and name != "_dice":
            raise AttributeError(f"There is no switch {name}.")
        super().__setattr__(name, value)


class Dice:
    """Chance that can be repeated."""

    def __init__(self, seed: int | None) -> None:
        self.seed = seed
        self.roll = random.Random(seed).random  # noqa: S311 - chance for tests, not for secrets


class UnknownSwitch(ValueError):
    """There is no such switch; the message names those that there are."""

    def __init__(self, unknown: list[str], valid: tuple[str, ...]) -> None:
        super().__init__(
            f"Unknown switch: {', '.join(unknown)}. The switches are: {', '.join(sorted(valid))}."
        )
