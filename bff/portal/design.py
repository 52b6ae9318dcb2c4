"""`/design`: every component on one page, for those who build pages. Development only."""

from litestar import Response, get

from bff.portal.forms import Choice, Field
from bff.portal.rendering import make_frame, make_page, render
from bff.texts import DEFAULT_LANGUAGE, get_texts

FIELDS = (
    Field(name="plain", label="Required", is_required=True, width="half"),
    Field(name="optional", label="Not required", width="half"),
    Field(name="hinted", label="With a hint", hint="What helps to fill it", is_required=True),
    Field(name="wrong", label="With a mistake", value="x", error="What is wrong and how to mend it"),
    Field(name="choice", label="Choice", width="half", choices=(Choice("a", "First"), Choice("b", "Second"))),
    Field(name="lines", label="Several lines", lines=3),
)


@get("/design", opt={"open": True}, include_in_schema=False, sync_to_thread=False)
def show_design() -> Response[str]:
    texts = get_texts(DEFAULT_LANGUAGE)
    return make_page(render("design.html", texts, frame=make_frame(texts), fields=FIELDS))
