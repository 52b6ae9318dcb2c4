"""The pages of the identity documents: the queue, one document with its picture, and the verdict."""

from typing import Any

from sf_sync.emulator.console.documents import (
    DocumentReview,
    DocumentReviews,
    NewerDocument,
    Verdict,
    VerdictGiven,
)
from sf_sync.emulator.console.pages import Pages
from sf_sync.emulator.console.pictures import find_media_type
from sf_sync.emulator.console.reviews import DecisionIncomplete, format_age
from sf_sync.emulator.console.web import PageAnswer, PageProblem, PageRequest, make_page, redirect_to
from sf_sync.emulator.id_verification import NEWER_DOCUMENT
from sf_sync.emulator.refusals import SalesforceRefusal
from sf_sync.emulator.store import Org

PATH = "/console/documents"
DECIDED_SHOWN = 10

_VERDICTS: dict[str, Verdict] = {"verify": "Verified", "reject": "Rejected"}
_WORDS: dict[Verdict, str] = {"Verified": "note", "Rejected": "message"}


class DocumentDesk:
    """Shows the documents of one org and takes verdicts on them."""

    def __init__(self, org: Org, pages: Pages) -> None:
        self._org = org
        self._pages = pages
        self._reviews = DocumentReviews(org)

    def show_queue(self, request: PageRequest) -> PageAnswer:
        just_decided = self._reviews.find(request.query.get("decided", ""))
        html = self._pages.render(
            "documents.html",
            waiting=[(review, self._format_age(review)) for review in self._reviews.list_open()],
            decided=self._reviews.list_decided(DECIDED_SHOWN),
            just_decided=just_decided if just_decided and not just_decided.is_open else None,
        )
        return make_page(html)

    def show_document(self, account_id: str) -> PageAnswer:
        """Raises PageProblem when the account has no document."""
        return self._make_page(self._require(account_id))

    def show_content(self, version_id: str) -> PageAnswer:
        """The file itself. Raises PageProblem when there is none."""
        content = self._reviews.find_content(version_id)
        if content is None:
            raise PageProblem(404, "There is no such file.")
        return PageAnswer(headers=_describe_content(content), body=content)

    def decide(self, account_id: str, request: PageRequest) -> PageAnswer:
        """Raises PageProblem when there is no such document or the form is not ours."""
        review = self._require(account_id)
        verdict = _VERDICTS.get(request.form.get("verdict", ""))
        version_id = request.form.get("version", "")
        if verdict is None or not version_id:
            raise PageProblem(400, "A version of a document is either verified or rejected.")
        field = _WORDS[verdict]
        # Browsers send line ends of texts as CRLF; Salesforce keeps LF.
        words = request.form.get(field, "").strip().replace("\r\n", "\n")
        try:
            self._reviews.decide(account_id, version_id, verdict, words=words)
        except VerdictGiven:
            return self._make_page(review, status=409, error="This document is not under review any more.")
        except NewerDocument:
            return self._make_page(review, status=409, error=NEWER_DOCUMENT, is_outdated=True)
        except DecisionIncomplete as problem:
            return self._make_page(review, status=422, error=str(problem), error_field=field)
        except SalesforceRefusal as refusal:
            return self._make_page(review, status=422, error=refusal.message, **{field: words})
        return redirect_to(f"{PATH}?decided={account_id}")

    def _require(self, account_id: str) -> DocumentReview:
        review = self._reviews.find(account_id)
        if review is None:
            raise PageProblem(404, "There is no such document in the queue.")
        return review

    def _make_page(self, review: DocumentReview, *, status: int = 200, **shown: Any) -> PageAnswer:
        values = {"error": "", "error_field": "", "is_outdated": False, "note": "", "message": ""}
        html = self._pages.render(
            "document.html",
            review=review,
            age=self._format_age(review),
            media_type=find_media_type(self._org.blobs.read(review.version.digest)),
            **(values | shown),
        )
        return make_page(html, status=status)

    def _format_age(self, review: DocumentReview) -> str:
        return format_age(self._org.now() - review.submitted_at)


def _describe_content(content: bytes) -> dict[str, str]:
    """A file is whatever somebody uploaded, so only what a browser shows safely is shown; the rest is saved."""
    media_type = find_media_type(content)
    # The viewer of a browser for PDF does not work in a sandbox; it runs no script of the document's.
    policy = "frame-ancestors 'self'" if media_type == "application/pdf" else "default-src 'none'; sandbox"
    return {
        "content-type": media_type or "application/octet-stream",
        "content-disposition": "inline" if media_type else 'attachment; filename="document"',
        "content-security-policy": policy,
        "cache-control": "no-store",
        "x-content-type-options": "nosniff",
    }
