"""The console's addresses and what each of them does."""

from sf_sync.emulator.asgi import ASGIApp, Receive, Scope, Send
from sf_sync.emulator.console.desk import ReviewDesk
from sf_sync.emulator.console.document_desk import DocumentDesk
from sf_sync.emulator.console.documents import DocumentReviews
from sf_sync.emulator.console.pages import STYLE_PATH, STYLE_SHEET, Pages, Waiting
from sf_sync.emulator.console.panel import FaultPanel
from sf_sync.emulator.console.reviews import Reviews
from sf_sync.emulator.console.web import (
    PageAnswer,
    PageProblem,
    PageRequest,
    make_page,
    read_request,
    redirect_to,
    send_answer,
)
from sf_sync.emulator.faults import Faults
from sf_sync.emulator.pubsub.control import StreamControl
from sf_sync.emulator.store import Org


def make_console(org: Org, faults: Faults, stream: StreamControl) -> ASGIApp:
    """An ASGI application for `/` and everything below `/console`."""
    reviews, documents = Reviews(org), DocumentReviews(org)
    pages = Pages(lambda: Waiting(cases=reviews.count_open(), documents=documents.count_open()))
    console = _Console(ReviewDesk(org, pages), DocumentDesk(org, pages), FaultPanel(faults, stream, pages))

    async def serve(scope: Scope, receive: Receive, send: Send) -> None:
        try:
            answer = console.answer(await read_request(scope, receive))
        except PageProblem as problem:
            answer = make_page(pages.render("problem.html", problem=problem), status=problem.status)
        await send_answer(answer, send)

    return serve


class _Console:
    def __init__(self, desk: ReviewDesk, documents: DocumentDesk, panel: FaultPanel) -> None:
        self._desk = desk
        self._documents = documents
        self._panel = panel

    def answer(self, request: PageRequest) -> PageAnswer:
        """Raises PageProblem."""
        if request.method in ("GET", "HEAD"):
            return self._show(request)
        if request.method == "POST":
            return self._act(request)
        raise PageProblem(405, "The console answers GET and POST only.")

    def _show(self, request: PageRequest) -> PageAnswer:
        match request.path.strip("/").split("/"):
            case [""]:
                return redirect_to("/console")
            case ["console"]:
                return self._desk.show_queue(request)
            case ["console", "cases", case_id]:
                return self._desk.show_case(case_id)
            case ["console", "documents"]:
                return self._documents.show_queue(request)
            case ["console", "documents", "versions", version_id]:
                return self._documents.show_content(version_id)
            case ["console", "documents", account_id]:
                return self._documents.show_document(account_id)
            case ["console", "faults"]:
                return self._panel.show(request)
            case _ if request.path == STYLE_PATH:
                return PageAnswer(headers=_STYLE_HEADERS, body=STYLE_SHEET)
            case _:
                raise PageProblem(404, "There is no such page in the console.")

    def _act(self, request: PageRequest) -> PageAnswer:
        match request.path.strip("/").split("/"):
            case ["console", "cases", case_id, "decision"]:
                return self._desk.decide(case_id, request)
            case ["console", "documents", account_id, "decision"]:
                return self._documents.decide(account_id, request)
            case ["console", "faults"]:
                return self._panel.save(request)
            case ["console", "faults", "reset"]:
                return self._panel.reset()
            case ["console", "stream", action]:
                return self._panel.act(action, request)
            case _:
                raise PageProblem(404, "There is no such page in the console.")


_STYLE_HEADERS = {
    "content-type": "text/css; charset=utf-8",
    "cache-control": "public, max-age=31536000, immutable",
    "x-content-type-options": "nosniff",
}
