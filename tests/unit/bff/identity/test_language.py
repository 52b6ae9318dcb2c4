"""The table of `docs/features/languages.md`."""

from uuid import UUID

import pytest

from bff.identity.caller import Caller, CallerKind
from bff.identity.language import find_texts_of, in_chosen_language, list_preferences
from tests.tables import make_id, read_table

NOTHING = "–"


def make_headers(choice: str, browser: str) -> list[tuple[bytes, bytes]]:
    cookie = [] if choice == NOTHING else [(b"cookie", f"a=b; language={choice}".encode())]
    return cookie + ([] if browser == NOTHING else [(b"accept-language", browser.encode())])


def make_caller(locale: str) -> Caller:
    return Caller(kind=CallerKind.CUSTOMER, org_id=UUID(int=1), org_slug="demo", region="JP", locale=locale)


class TestWhichLanguage:
    @pytest.mark.parametrize("row", read_table("languages.md", "Which language"), ids=make_id)
    def test_is_as_the_table_says(self, row: dict[str, str]) -> None:
        headers = make_headers(row["choice"], row["browser"])
        scope = {"headers": headers}
        if row["org"] != NOTHING:
            scope["user"] = in_chosen_language(make_caller(row["org"]), headers)  # type: ignore[assignment]

        assert find_texts_of(scope).language == row["language"]  # type: ignore[arg-type]

    def test_leaves_a_caller_alone_who_is_answered_in_the_orgs_language(self) -> None:
        """Such a caller is the very one of the session, which the direct reads go by."""
        caller = make_caller("en")

        assert in_chosen_language(caller, make_headers(NOTHING, "ja")) is caller


class TestPreferences:
    @pytest.mark.parametrize(
        ("sent", "preferred"),
        [
            ("ja", ["ja"]),
            ("da, en-gb;q=0.8, en;q=0.7", ["da", "en-gb", "en"]),
            ("en;q=0.1,ja;q=1.0", ["ja", "en"]),
            ("*, ja", ["ja"]),
            ("ja;q=0", []),
            ("ja;q=2, ;;;, en;level=1, \xe9", []),
            ("", []),
        ],
    )
    def test_are_the_dearest_first(self, sent: str, preferred: list[str]) -> None:
        assert list_preferences([(b"accept-language", sent.encode("latin-1"))]) == preferred

    def test_are_bounded(self) -> None:
        assert len(list_preferences([(b"accept-language", b"en," * 10_000)])) == 20
