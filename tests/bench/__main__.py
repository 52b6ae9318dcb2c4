"""`python -m tests.bench [name …]`: every `bench_*.py` beside this file, one after the other, in one table."""

import sys
from collections.abc import Iterator
from importlib import import_module
from pathlib import Path

from rich.console import Console
from rich.table import Table

from tests.bench.table import Row


def find_names(wanted: list[str]) -> list[str]:
    names = sorted(path.stem for path in Path(__file__).parent.glob("bench_*.py"))
    return [name for name in names if not wanted or name.removeprefix("bench_") in wanted]


def measure(names: list[str], console: Console) -> Iterator[Row]:
    """Benchmarks run alone: two at once would measure each other."""
    for name in names:
        console.print(f"measuring {name.removeprefix('bench_')} …", style="dim")
        rows: list[Row] = import_module(f"tests.bench.{name}").measure_rows()
        yield from rows


def main() -> None:
    progress = Console(stderr=True)
    table = Table("what", "measured", "remark", title="Performance", title_justify="left")
    for row in measure(find_names(sys.argv[1:]), progress):
        table.add_row(row.what, row.value, row.remark)
    Console(width=140).print(table)


if __name__ == "__main__":
    main()
