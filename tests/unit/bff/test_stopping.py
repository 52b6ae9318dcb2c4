import signal
import subprocess
import sys

STUCK = "import time; from bff.stopping import end_in_time; end_in_time(1); time.sleep(60)"


def test_a_process_that_does_not_end_is_ended() -> None:
    done = subprocess.run([sys.executable, "-c", STUCK], timeout=30, check=False)

    assert done.returncode == -signal.SIGALRM
