"""Brings a language's catalogue up to date with the sentences of the product.

`python -m bff.texts.catalogue ja` adds new sentences untranslated and drops those that nobody says any more; a test
holds that no catalogue is left with gaps.
"""

import sys
from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO

from babel.messages.catalog import Catalog
from babel.messages.extract import extract_from_file
from babel.messages.pofile import read_po, write_po

from bff.texts.languages import find_catalogue

PRODUCT = Path(__file__).parent.parent
TRIMMED = {"trimmed": "true"}


def collect_sentences() -> Catalog:
    """From `N_("…")` in Python and `{% trans %}` in templates, each with the files that say it."""
    catalog = Catalog(project="portal")
    for path, method in _list_sources():
        place = path.relative_to(PRODUCT.parent).as_posix()
        for _, message, comments, _ in extract_from_file(method, path, options=TRIMMED):
            catalog.add(message, locations=[(place, 0)], auto_comments=comments)
    return catalog


def _list_sources() -> Iterator[tuple[Path, str]]:
    for path in sorted(PRODUCT.rglob("*.py")):
        yield path, "python"
    for path in sorted(PRODUCT.rglob("templates/**/*.html")):
        yield path, "jinja2.ext:babel_extract"


def update_catalogue(language: str) -> Path:
    """Keeps what is translated; guesses nothing, since a guess looks like a translation."""
    path = find_catalogue(language)
    catalog = Catalog(locale=language)
    if path.exists():
        with path.open("rb") as file:
            catalog = read_po(file, locale=language)
    catalog.update(collect_sentences(), no_fuzzy_matching=True)
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("wb") as file:
        _write(file, catalog)
    return path


def _write(file: BinaryIO, catalog: Catalog) -> None:
    # Without the header, whose dates would be all that changes most of the time; the rest of it is the locale's.
    write_po(
        file,
        catalog,
        sort_output=True,
        include_lineno=False,
        ignore_obsolete=True,
        omit_header=True,
        width=100,
    )


if __name__ == "__main__":
    for name in sys.argv[1:]:
        update_catalogue(name)
