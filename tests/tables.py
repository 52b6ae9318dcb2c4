"""Reads the tables of `docs/features`, which are the parameters of tests."""

from pathlib import Path

FEATURES = Path(__file__).parent.parent / "docs" / "features"


def read_table(page: str, heading: str) -> list[dict[str, str]]:
    """The rows of the first table below a heading; a missing one fails the test that asks."""
    lines = (FEATURES / page).read_text(encoding="utf-8").splitlines()
    start = lines.index(f"## {heading}")
    rows: list[list[str]] = []
    for line in lines[start + 1 :]:
        if line.startswith("|"):
            rows.append([cell.strip() for cell in line.strip("|").split("|")])
        elif rows or line.startswith("## "):
            break
    head, _, *body = rows
    return [dict(zip(head, row, strict=True)) for row in body]


def make_id(row: dict[str, str]) -> str:
    return ", ".join(row.values())
