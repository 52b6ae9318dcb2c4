"""The page of the fault switches: what misbehaves now, and the single odd things that can be made to happen."""

import msgspec

from sf_sync.emulator.console.pages import Pages
from sf_sync.emulator.console.switches import list_switches, parse_switches
from sf_sync.emulator.console.web import PageAnswer, PageProblem, PageRequest, make_page, redirect_to
from sf_sync.emulator.faults import Faults
from sf_sync.emulator.pubsub.control import Order, StreamControl, UnknownAction, UnknownEntity

PATH = "/console/faults"

_DONE = {
    "saved": "The switches are set.",
    "reset": "Everything is back to normal.",
    "acted": "Done.",
}


class OnceAction(msgspec.Struct, frozen=True):
    """An action of the stream as it is offered to people."""

    name: str
    title: str
    hint: str


STREAM_ACTIONS = (
    OnceAction("drop", "Drop", "Ends them with UNAVAILABLE; clients may come back."),
    OnceAction("stall", "Silence", "They stay open and get nothing more; new ones work."),
    OnceAction("revoke", "Revoke the session", "Ends them with UNAUTHENTICATED."),
    OnceAction("expire", "Expire replay ids", "Forgets all events so far, as after 72 hours."),
)
EVENT_ACTIONS = (
    OnceAction("gap", "Gap", "Something happened to the records; nobody says what."),
    OnceAction("duplicate", "Repeat the last", "Under another replay id."),
    OnceAction("wildcard", "Wildcard gap", "About every record of the object."),
    OnceAction("overflow", "Overflow", "Too much changed to be told."),
    OnceAction("merged", "Merged update", "One event about several records."),
    OnceAction("undecodable", "Broken event", "Its payload cannot be decoded."),
    OnceAction("unknown-schema", "Unknown schema", "The event names a schema that nobody has."),
    OnceAction("change-schema", "Change the schema", "Adds a field in front: every position moves."),
)


class FaultPanel:
    """Shows and turns the switches of one emulator."""

    def __init__(self, faults: Faults, stream: StreamControl, pages: Pages) -> None:
        self._pages = pages
        self._faults = faults
        self._stream = stream

    def show(self, request: PageRequest) -> PageAnswer:
        return make_page(self._render(done=_DONE.get(request.query.get("done", ""), "")))

    def save(self, request: PageRequest) -> PageAnswer:
        try:
            self._faults.change(parse_switches(request.form))
        except ValueError as error:
            return make_page(self._render(error=str(error)), status=422)
        return redirect_to(f"{PATH}?done=saved")

    def reset(self) -> PageAnswer:
        self._faults.reset()
        return redirect_to(f"{PATH}?done=reset")

    def act(self, action: str, request: PageRequest) -> PageAnswer:
        """Raises PageProblem for an action that there is not."""
        order = Order(
            entity=request.form.get("entity", "Account"),
            record_ids=tuple(request.form.get("record", "").split()),
        )
        try:
            self._stream.apply(action, order)
        except (UnknownAction, UnknownEntity) as error:
            raise PageProblem(404, str(error)) from error
        return redirect_to(f"{PATH}?done=acted")

    def _render(self, *, done: str = "", error: str = "") -> str:
        groups = list_switches(self._faults)
        return self._pages.render(
            "faults.html",
            groups=groups,
            on=[switch for switches in groups.values() for switch in switches if switch.is_on],
            stream_actions=STREAM_ACTIONS,
            event_actions=EVENT_ACTIONS,
            entities=self._stream.entities,
            streams=self._stream.open_count,
            done=done,
            error=error,
        )
