"""The internet page as its template needs it: words and shapes for every status, no decision."""

from urllib.parse import urlencode

import msgspec

from bff.addresses import Address
from bff.eligibility.rules import Assessment, Headline
from bff.eligibility.schemas import say_headline
from bff.portal.forms import (
    Field,
    FieldError,
    Filled,
    fill_from_address,
    make_address_fields,
    make_notes_field,
)
from bff.portal.places import INTERNET
from bff.portal.views import (
    Fact,
    StatusView,
    Step,
    find_support_link,
    format_place,
    make_moment,
    make_steps,
    make_unreachable,
)
from bff.texts import N_, Texts
from sf_sync.objects.account import EligibilityStatus

PATH = INTERNET
REQUEST_PATH = f"{PATH}/request"
_LABEL = N_("Internet at your address")


class FormView(msgspec.Struct, frozen=True, kw_only=True):
    """`is_folded`: asking is possible but not the next action, so the form stays behind a line of text."""

    path: str
    title: str
    lead: str
    button: str
    address_fields: tuple[Field, ...]
    notes: Field
    errors: tuple[FieldError, ...] = ()
    address_on_file: str = ""
    is_folded: bool = False
    sku: str = ""


class _Look(msgspec.Struct, frozen=True):
    tone: str
    icon: str
    explanation: str


_LOOKS = {
    Headline.ADD_ADDRESS: _Look(
        "warn",
        "pin",
        N_(
            "Tell us where you would like internet. We check the line to your building and show the result here."
        ),
    ),
    Headline.REQUEST_REVIEW: _Look(
        "warn",
        "search",
        N_(
            "Request a review and our network team checks the line to your building. The result appears here."
        ),
    ),
    Headline.REVIEW_IN_PROGRESS: _Look(
        "info",
        "clock",
        N_(
            "Our network team is checking the line to your address. This page updates by itself when there is a result."
        ),
    ),
    Headline.ELIGIBLE_FOR: _Look(
        "good", "check", N_("Good news: internet can be delivered to your address. You are ready to order.")
    ),
    Headline.ELIGIBLE: _Look(
        "good", "check", N_("Good news: internet can be delivered to your address. You are ready to order.")
    ),
    Headline.NOT_AVAILABLE: _Look(
        "bad",
        "cross",
        N_(
            "We cannot deliver internet to this address at the moment. Our support team knows what else is possible."
        ),
    ),
    Headline.UNCONFIRMED: _Look(
        "calm",
        "question",
        N_("Nothing you entered is lost. Please contact support so that we can look into it."),
    ),
}


def make_status_view(assessment: Assessment | None, texts: Texts) -> StatusView:
    if assessment is None:
        return make_unreachable(_LABEL, Headline.UNCONFIRMED, PATH, texts)
    look = _LOOKS[assessment.headline]
    freshness = assessment.freshness
    return StatusView(
        tone=look.tone,
        icon=look.icon,
        label=texts.say(_LABEL),
        headline=say_headline(assessment, texts),
        explanation=texts.say(look.explanation),
        facts=_list_facts(assessment, texts),
        action=find_support_link(assessment.next_action, texts),
        # A request of ours that still waits is no old news: it is all there is to know.
        is_stale=freshness.stale and freshness.source != "portal",
        as_of=texts.format_moment(freshness.as_of),
        reference=assessment.case_id or "",
    )


def _list_facts(assessment: Assessment, texts: Texts) -> tuple[Fact, ...]:
    moments = (
        (N_("Requested on"), assessment.requested_at),
        (N_("Last checked on"), assessment.checked_at),
    )
    facts = [make_moment(label, at, texts) for label, at in moments if at]
    if assessment.notes:
        facts.append(Fact(label=texts.say(N_("Note from our team")), text=assessment.notes, is_wide=True))
    return tuple(facts)


_STEPS = (
    (N_("Request"), N_("Tell us the address and request a review.")),
    (N_("Review"), N_("Our network team checks the line to your building.")),
    (N_("Result"), N_("This page shows what we can deliver to you.")),
)
_STATES = {
    EligibilityStatus.NOT_REQUESTED: ("current", "next", "next"),
    EligibilityStatus.PENDING: ("done", "current", "next"),
    EligibilityStatus.ELIGIBLE: ("done", "done", "done"),
    EligibilityStatus.INELIGIBLE: ("done", "done", "failed"),
}


def make_internet_steps(status: EligibilityStatus | None, texts: Texts) -> tuple[Step, ...]:
    states = _STATES.get(status or EligibilityStatus.UNKNOWN, ("next",) * 3)
    return make_steps(_STEPS, states, texts)


def make_form(
    assessment: Assessment | None,
    texts: Texts,
    *,
    csrf: str,
    on_file: Address | None,
    filled: Filled | None = None,
    error: str = "",
    sku: str = "",
) -> FormView | None:
    """None where nothing can be asked for. `filled` is a form that came back with mistakes."""
    if assessment is None or assessment.status not in _FORM_WORDS:
        return None
    is_folded = assessment.status is EligibilityStatus.INELIGIBLE
    shown = filled or fill_from_address(None if is_folded else on_file)
    title, lead, button = _FORM_WORDS[assessment.status] if on_file else _FIRST_ADDRESS_WORDS
    return FormView(
        path=f"{REQUEST_PATH}?{urlencode({'csrf': csrf})}",
        title=texts.say(title),
        lead=texts.say(lead),
        button=texts.say(button),
        address_fields=make_address_fields(shown, texts),
        notes=make_notes_field(shown, texts),
        errors=_list_errors(shown, error, texts),
        address_on_file="" if is_folded or on_file is None else format_place(on_file, texts),
        is_folded=is_folded,
        sku=sku,
    )


_FIRST_ADDRESS_WORDS = (
    N_("Add your address"),
    N_("We keep it as your address and start the review at once."),
    N_("Save address and request a review"),
)
_FORM_WORDS = {
    EligibilityStatus.NOT_REQUESTED: (
        N_("Request a review"),
        N_("You do not have to stay: we keep the result for you on this page."),
        N_("Request a review"),
    ),
    EligibilityStatus.INELIGIBLE: (
        N_("Ask about a different address"),
        "",
        N_("Request a review"),
    ),
}


def _list_errors(filled: Filled, error: str, texts: Texts) -> tuple[FieldError, ...]:
    """What refused the whole form, then each mistake with the name of its field."""
    fields = (*make_address_fields(filled, texts), make_notes_field(filled, texts))
    mistakes = [FieldError(f"{field.label}: {field.error}", field.id) for field in fields if field.error]
    return (*([FieldError(error)] if error else []), *mistakes)
