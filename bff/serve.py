"""Running the web processes."""

import gc
import os

import uvicorn
from litestar import Litestar

from bff.app import create_app
from bff.logging import configure_logging
from bff.settings import read_settings

CALM_GC = (20_000, 20, 20)
"""A request makes a few hundred objects and hardly a cycle; the usual 700 would look for some in every other one."""
GRACE_S = 10
"""Backstop for requests that do not end; streams end at once (`bff.stopping`)."""


def make_app() -> Litestar:
    """The app of one worker process, from the environment that `serve` found in order."""
    settings = read_settings(os.environ)
    configure_logging(settings.log_level)
    app = create_app(settings)
    # What is here now stays: the collector need not walk over it at each of its rounds.
    gc.collect()
    gc.freeze()
    gc.set_threshold(*CALM_GC)
    return app


def serve(*, host: str = "127.0.0.1", port: int = 8000) -> None:
    """Serve until SIGTERM or SIGINT; forwarding headers are read by ourselves, so the server is told to ignore them.

    Raises:
        SettingsError: before any process is started.
    """
    settings = read_settings(os.environ)
    configure_logging(settings.log_level)
    uvicorn.run(
        "bff.serve:make_app",
        factory=True,
        host=host,
        port=port,
        workers=settings.web_workers,
        loop="uvloop",
        http="httptools",
        ws="none",
        access_log=False,
        log_config=None,
        proxy_headers=False,
        server_header=False,
        timeout_graceful_shutdown=GRACE_S,
    )
