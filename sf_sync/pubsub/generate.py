"""Writes the stubs beside `pubsub_api.proto` anew: `python -m sf_sync.pubsub.generate`."""

import subprocess
import sys
from pathlib import Path

PROTO = "sf_sync/pubsub/pubsub_api.proto"


def generate(root: Path) -> None:
    """Runs the compiler from the source root, so that the stubs import each other by their package path.

    The typed face of the stub, `pubsub_api_pb2_grpc.pyi`, is written by hand and stays as it is.
    Raises CalledProcessError when the contract does not compile.
    """
    outputs = [f"--{kind}_out={root}" for kind in ("python", "pyi", "grpc_python")]
    command = [sys.executable, "-m", "grpc_tools.protoc", f"--proto_path={root}", *outputs, PROTO]
    subprocess.run(command, cwd=root, check=True)  # noqa: S603  # our own interpreter, our own arguments


if __name__ == "__main__":
    generate(Path(__file__).resolve().parents[2])
