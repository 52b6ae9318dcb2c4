"""The command line. It may import everything, but loads a command's module only when that command is called."""

from bff.cli.root import main

__all__ = ["main"]
