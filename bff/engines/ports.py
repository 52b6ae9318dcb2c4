"""TCP ports on loopback."""

import socket
from pathlib import Path

LOOPBACK = "127.0.0.1"


def choose_free_port() -> int:
    """A port that was free a moment ago. Another process may take it first: callers retry on that."""
    with socket.socket() as listener:
        listener.bind((LOOPBACK, 0))
        return int(listener.getsockname()[1])


def choose_kept_port(kept: Path) -> int:
    """The port of the last run when it is free, so that an address in somebody's shell stays good; else another, which
    the file `kept` then names.
    """
    if kept.exists() and is_port_free(port := int(kept.read_text())):
        return port
    port = choose_free_port()
    kept.write_text(f"{port}\n")
    return port


def is_port_free(port: int) -> bool:
    """Whether a server could listen on this loopback port now."""
    with socket.socket() as listener:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            listener.bind((LOOPBACK, port))
        except OSError:
            return False
        return True


def accepts_connections(port: int) -> bool:
    """Whether something answers on this loopback port."""
    with socket.socket() as probe:
        probe.settimeout(0.2)
        return probe.connect_ex((LOOPBACK, port)) == 0
