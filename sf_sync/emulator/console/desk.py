"""The pages of the eligibility reviews: the queue, one Case, and the decision."""

from sf_sync.emulator.console.pages import Pages
from sf_sync.emulator.console.reviews import (
    AlreadyDecided,
    Decision,
    DecisionIncomplete,
    Review,
    Reviews,
    format_age,
)
from sf_sync.emulator.console.web import PageAnswer, PageProblem, PageRequest, make_page, redirect_to
from sf_sync.emulator.refusals import SalesforceRefusal
from sf_sync.emulator.store import Org

DECIDED_SHOWN = 10

_DECISIONS: dict[str, Decision] = {"approve": "Approved", "reject": "Rejected"}


class ReviewDesk:
    """Shows reviews of one org and takes decisions on them."""

    def __init__(self, org: Org, pages: Pages) -> None:
        self._org = org
        self._pages = pages
        self._reviews = Reviews(org)

    def show_queue(self, request: PageRequest) -> PageAnswer:
        just_decided = self._reviews.find(request.query.get("decided", ""))
        html = self._pages.render(
            "queue.html",
            waiting=[(review, self._format_age(review)) for review in self._reviews.list_open()],
            decided=self._reviews.list_decided(DECIDED_SHOWN),
            just_decided=just_decided if just_decided and not just_decided.is_open else None,
        )
        return make_page(html)

    def show_case(self, case_id: str) -> PageAnswer:
        """Raises PageProblem when there is no such review."""
        return make_page(self._render_case(self._require(case_id)))

    def decide(self, case_id: str, request: PageRequest) -> PageAnswer:
        """Raises PageProblem when there is no such review or the form is not ours."""
        review = self._require(case_id)
        decision = _DECISIONS.get(request.form.get("decision", ""))
        if decision is None:
            raise PageProblem(400, "A review is either approved or rejected.")
        result, notes = request.form.get("result", ""), request.form.get("notes", "").strip()
        # Browsers send line ends of texts as CRLF; Salesforce keeps LF.
        notes = notes.replace("\r\n", "\n")
        try:
            self._reviews.decide(case_id, decision, result=result, notes=notes)
        except AlreadyDecided:
            return make_page(self._render_case(review, error="Somebody has decided this case."), status=409)
        except DecisionIncomplete as error:
            html = self._render_case(review, error=str(error), field=error.field, result=result, notes=notes)
            return make_page(html, status=422)
        except SalesforceRefusal as refusal:
            html = self._render_case(review, error=refusal.message, result=result, notes=notes)
            return make_page(html, status=422)
        return redirect_to(f"/console?decided={case_id}")

    def _require(self, case_id: str) -> Review:
        review = self._reviews.find(case_id)
        if review is None:
            raise PageProblem(404, "There is no such case in the queue.")
        return review

    def _render_case(
        self, review: Review, *, error: str = "", field: str = "", result: str = "", notes: str = ""
    ) -> str:
        return self._pages.render(
            "case.html",
            review=review,
            age=self._format_age(review),
            results=self._reviews.results,
            error=error,
            error_field=field,
            result=result,
            notes=notes,
        )

    def _format_age(self, review: Review) -> str:
        return format_age(self._org.now() - review.opened_at)
