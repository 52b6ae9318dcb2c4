"""`python -m bff`: the same as the `bff` command, for child processes that must use this very interpreter."""

from bff.cli import main

main()
