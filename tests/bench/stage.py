"""The portal as `bff up` runs it, with the peers beside it on the same Valkey."""

import json
import os
import secrets
import signal
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any

import jwt
import redis

from bff.engines.ports import choose_free_port
from bff.engines.valkey import Valkey
from tests.bench.load import Target, format_request

READY_S = 60
PORTAL, BARE, FASTAPI = "portal", "bare", "fastapi"


class Stage:
    """Three servers, each with one worker, and a load target for each."""

    PORTAL, BARE, FASTAPI = PORTAL, BARE, FASTAPI

    def __init__(self, targets: list[Target]) -> None:
        self.targets = targets


@contextmanager
def open_stage(folder: Path) -> Iterator[Stage]:
    with ExitStack() as stack:
        valkey = Valkey(folder / "peers", lasting=False)
        valkey.start()
        stack.callback(valkey.stop)
        portal = stack.enter_context(run_portal(folder / "portal"))
        stored = read_json(portal.port, "/api/eligibility/internet", portal.headers)
        secret = secrets.token_hex(32)
        fill(valkey, stored)
        environ = {"BENCH_REDIS_URL": valkey.url(), "BENCH_JWT_SECRET": secret}
        bare = stack.enter_context(run_peer("tests.bench.peers.bare:app", environ))
        usual = stack.enter_context(run_peer("tests.bench.peers.fastapi_status:app", environ))
        yield Stage(
            [
                portal.target(),
                Target(BARE, bare[0], format_request("/status", {}), (bare[1],)),
                Target(FASTAPI, usual[0], format_request("/status", make_bearer(secret)), (usual[1],)),
            ]
        )


class Portal:
    """A running `bff up` in which Sara has signed in."""

    def __init__(self, port: int, web_pid: int, cookie: str) -> None:
        self.port, self.web_pid = port, web_pid
        self.headers = {"Cookie": cookie}

    def target(self) -> Target:
        request = format_request("/api/eligibility/internet", self.headers)
        return Target(PORTAL, self.port, request, (self.web_pid,))


@contextmanager
def run_portal(data_dir: Path) -> Iterator[Portal]:
    ports = [choose_free_port() for _ in range(3)]
    flags = zip(("--port", "--emulator-port", "--pubsub-port"), map(str, ports), strict=True)
    command = [
        sys.executable,
        "-m",
        "bff",
        "up",
        "--data-dir",
        str(data_dir),
        *(part for flag in flags for part in flag),
    ]
    process = subprocess.Popen(
        command,
        env=os.environ | {"BFF_ENV": "development"},
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    try:
        wait_until_ready(ports[0], "/health/ready")
        yield Portal(ports[0], find_web_pid(process.pid), sign_in(ports[0]))
    finally:
        process.send_signal(signal.SIGINT)
        process.wait(20)


@contextmanager
def run_peer(app: str, environ: dict[str, str]) -> Iterator[tuple[int, int]]:
    port = choose_free_port()
    command = [
        sys.executable,
        "-m",
        "uvicorn",
        app,
        "--port",
        str(port),
        "--no-access-log",
        "--log-level",
        "error",
    ]
    process = subprocess.Popen(command, env=os.environ | environ)
    try:
        wait_until_ready(port, "/openapi.json")
        yield port, process.pid
    finally:
        process.terminate()
        process.wait(10)


def wait_until_ready(port: int, path: str) -> None:
    deadline = time.monotonic() + READY_S
    while time.monotonic() < deadline:
        try:
            with urllib.request.urlopen(f"http://127.0.0.1:{port}{path}", timeout=2):
                return
        except OSError:
            time.sleep(0.1)
    raise TimeoutError(f"nothing answers on port {port}")


def sign_in(port: int) -> str:
    request = urllib.request.Request(
        f"http://127.0.0.1:{port}/api/auth/dev-login",
        data=b'{"email":"sara@customer.example"}',
        headers={"Content-Type": "application/json"},
    )
    with urllib.request.urlopen(request, timeout=5) as answer:
        return str(answer.headers["Set-Cookie"]).partition(";")[0]


def find_web_pid(parent: int) -> int:
    """The one child of `bff up` that serves HTTP."""
    for folder in Path("/proc").glob("[0-9]*"):
        try:
            words = (folder / "cmdline").read_bytes().split(b"\0")
            ancestor = int((folder / "stat").read_text().rsplit(")", 1)[1].split()[1])
        except OSError:
            continue
        if ancestor == parent and b"serve" in words:
            return int(folder.name)
    raise LookupError("no web process found")


def read_json(port: int, path: str, headers: dict[str, str]) -> Any:
    request = urllib.request.Request(f"http://127.0.0.1:{port}{path}", headers=headers)
    with urllib.request.urlopen(request, timeout=5) as answer:
        return json.load(answer)


def fill(valkey: Valkey, stored: Any) -> None:
    """The same document for both peers, so that all three send the same bytes."""
    with redis.Redis.from_url(valkey.url()) as client:
        client.mset({"bench:status": json.dumps(stored), "bench:status:sara": json.dumps(stored)})


def make_bearer(secret: str) -> dict[str, str]:
    claims = {"account": "sara", "aud": "portal", "exp": int(time.time()) + 3600}
    return {"Authorization": f"Bearer {jwt.encode(claims, secret, algorithm='HS256')}"}
