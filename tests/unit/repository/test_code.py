"""What holds for every module, so that a new one starts right."""

import ast
import re

from tests.unit.repository.sources import PACKAGES, ROOT, list_modules, name_of, read_tree, walk_functions

LONGEST_FUNCTION, LONGEST_FILE = 60, 400
SAYS_NOTHING = {"util", "utils", "helper", "helpers", "manager", "managers", "common", "misc"}
# The last one is also the code of "no currency", so it counts in comments only.
LEFT_FOR_LATER = re.compile(r"\b(?:TO" + r"DO|FIX" + r"ME)\b|#.*\bXX" + r"X\b")


class TestFunction:
    def test_is_short_enough_to_be_read_at_once(self) -> None:
        too_long = [
            f"{name_of(path)}:{function.lineno} {function.name} ({length} lines)"
            for path in list_modules()
            for function in walk_functions(read_tree(path))
            if (length := (function.end_lineno or 0) - function.lineno + 1) > LONGEST_FUNCTION
        ]

        assert too_long == []

    def test_imports_nothing(self) -> None:
        importing = [
            f"{name_of(path)}:{node.lineno}"
            for path in list_modules()
            for function in walk_functions(read_tree(path))
            for node in ast.walk(function)
            if isinstance(node, ast.Import | ast.ImportFrom)
        ]

        assert importing == []


class TestFile:
    def test_is_about_one_thing(self) -> None:
        lengths = {name_of(path): len(path.read_text().splitlines()) for path in list_modules()}

        assert {name: length for name, length in lengths.items() if length > LONGEST_FILE} == {}

    def test_has_a_name_that_says_what_it_holds(self) -> None:
        vague = [name_of(path) for path in list_modules() if SAYS_NOTHING & {path.stem, path.parent.name}]

        assert vague == []

    def test_leaves_nothing_for_later(self) -> None:
        unfinished = [name_of(path) for path in list_modules() if LEFT_FOR_LATER.search(path.read_text())]

        assert unfinished == []


class TestPackage:
    def test_says_what_it_is(self) -> None:
        folders = {path.parent for path in list_modules() if name_of(path).split("/")[0] in PACKAGES}
        silent = [
            name_of(folder) for folder in folders if not _find_docstring(f"{name_of(folder)}/__init__.py")
        ]

        assert sorted(silent) == []


def _find_docstring(name: str) -> str | None:
    path = ROOT / name
    return ast.get_docstring(read_tree(path)) if path.exists() else None
