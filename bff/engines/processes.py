"""Child processes that never outlive the process that started them."""

import ctypes
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from pathlib import Path

_PR_SET_PDEATHSIG = 1  # prctl(2)
_POLL_S = 0.01

# Loaded before any fork: the child may not import or allocate much between fork and exec.
_libc = ctypes.CDLL(None, use_errno=True) if sys.platform == "linux" else None


def spawn(
    command: Sequence[str | Path],
    *,
    log: Path,
    env: Mapping[str, str] | None = None,
    uid: int | None = None,
    death_signal: int = signal.SIGTERM,
) -> subprocess.Popen[bytes]:
    """Start `command` in its own process group, both outputs appended to `log`.

    Call it from a thread that lives as long as the child may: Linux sends `death_signal` when the *thread* that
    forked ends, not only when the process does. The own group keeps a terminal's Ctrl-C from reaching the child
    before the one who started it can stop things in order.
    """
    with log.open("ab") as output:
        return subprocess.Popen(  # noqa: S603 - the command is ours, never a user's
            [str(part) for part in command],
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
            env=None if env is None else dict(env),
            user=uid,
            group=uid,
            extra_groups=[] if uid is not None else None,
            process_group=0,
            preexec_fn=die_with_parent(death_signal),
        )


def die_with_parent(death_signal: int) -> Callable[[], None]:
    """For `preexec_fn`: the child gets `death_signal` when its parent is gone, even by kill -9.

    A no-op outside Linux, where pid files let the next start clean up instead.
    """
    libc, parent = _libc, os.getpid()

    def bind() -> None:
        if libc is None:
            return
        libc.prctl(_PR_SET_PDEATHSIG, int(death_signal), 0, 0, 0)
        if os.getppid() != parent:  # it died between our fork and the call above
            os._exit(1)

    return bind


def stop(process: subprocess.Popen[bytes], *, with_signal: int = signal.SIGTERM, timeout_s: float = 5) -> int:
    """End a child and reap it: `with_signal` first, SIGKILL to its whole group after `timeout_s`."""
    with suppress(ProcessLookupError):
        process.send_signal(with_signal)
    try:
        return process.wait(timeout_s)
    except subprocess.TimeoutExpired:
        with suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
        return process.wait()


def is_running(pid: int, *, command_contains: str = "") -> bool:
    """Whether `pid` lives and, where the system tells, is the program we think: pids are reused."""
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        pass
    with suppress(OSError):
        state = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
        if state == "Z":
            return False
        return command_contains.encode() in Path(f"/proc/{pid}/cmdline").read_bytes()
    return True


def stop_stray(pid: int, *, command_contains: str, with_signal: int, timeout_s: float = 5) -> None:
    """End a process that an earlier, killed run left behind. It is not our child, so there is nothing to reap."""
    deadline = time.monotonic() + timeout_s
    signals = [with_signal, signal.SIGKILL]
    for chosen in signals:
        if not is_running(pid, command_contains=command_contains):
            return
        with suppress(ProcessLookupError):
            os.kill(pid, chosen)
        while is_running(pid, command_contains=command_contains) and time.monotonic() < deadline:
            time.sleep(_POLL_S)
        deadline = time.monotonic() + timeout_s
