"""The files of the code base, as the tests about it see them."""

import ast
from collections.abc import Iterator
from functools import cache
from pathlib import Path

ROOT = Path(__file__).parents[3]
PACKAGES = ("bff", "sf_sync", "cache")
FOLDERS = (*PACKAGES, "tests", ".ci")
TEXT_SUFFIXES = {
    ".py",
    ".md",
    ".html",
    ".css",
    ".js",
    ".toml",
    ".proto",
    ".lock",
    ".po",
    ".sql",
    ".json",
    ".yaml",
    "",
}
_PASSED_OVER = {"__pycache__", ".mypy_cache"}


def name_of(path: Path) -> str:
    return str(path.relative_to(ROOT))


@cache
def list_modules() -> tuple[Path, ...]:
    """Every Python file that people write; what protoc generates is left out."""
    found = (path for folder in FOLDERS for path in (ROOT / folder).rglob("*.py"))
    return tuple(sorted(path for path in found if not path.stem.endswith(("_pb2", "_pb2_grpc"))))


@cache
def list_texts() -> tuple[Path, ...]:
    """Every file that people read."""
    top = [path for path in ROOT.iterdir() if path.is_file()]
    below = [path for folder in (*FOLDERS, "docs") for path in (ROOT / folder).rglob("*") if path.is_file()]
    return tuple(
        path
        for path in sorted(top + below)
        if path.suffix in TEXT_SUFFIXES and not _PASSED_OVER & set(path.parts)
    )


@cache
def read_tree(path: Path) -> ast.Module:
    return ast.parse(path.read_text())


def walk_functions(tree: ast.Module) -> Iterator[ast.FunctionDef | ast.AsyncFunctionDef]:
    for node in ast.walk(tree):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            yield node
