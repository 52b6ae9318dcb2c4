"""Several commands in one process, which saves starting Python for each: `python -m …typing_process LINE …`."""

import sys

from bff.cli import main

END = "\x1e"
"""Stands after each command's output and exit code."""


def run(line: str) -> int:
    sys.argv[1:] = line.split()
    try:
        main()
    except SystemExit as end:
        return int(end.code or 0)
    return 0


if __name__ == "__main__":
    for given in list(sys.argv[1:]):
        code = run(given)
        sys.stderr.flush()
        sys.stdout.write(f"{code}{END}")
        sys.stdout.flush()
