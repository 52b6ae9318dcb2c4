"""`bff up --logs`: what the processes write, on the terminal too, each line under its process's name."""

import asyncio
from collections.abc import Mapping
from pathlib import Path

from rich.console import Console
from rich.text import Text

_EVERY_S = 0.2
_COLOURS = ("cyan", "magenta", "yellow", "blue", "green", "red")


async def tail(logs: Mapping[str, Path], console: Console) -> None:
    """Until cancelled. Only lines written from now on."""
    positions = {name: log.stat().st_size if log.exists() else 0 for name, log in logs.items()}
    width = max(map(len, logs))
    while True:
        for number, (name, log) in enumerate(logs.items()):
            lines, positions[name] = read_whole_lines(log, positions[name])
            for line in lines:
                prefix = Text(f"{name:<{width}} ", style=_COLOURS[number % len(_COLOURS)])
                console.print(prefix + Text(line), soft_wrap=True)
        await asyncio.sleep(_EVERY_S)


def read_whole_lines(log: Path, position: int) -> tuple[list[str], int]:
    """Lines after `position` that are complete, and where the next one begins."""
    if not log.exists():
        return [], position
    with log.open("rb") as file:
        file.seek(position)
        whole, newline, _ = file.read().rpartition(b"\n")
    return whole.decode(errors="replace").splitlines(), position + len(whole) + len(newline)
