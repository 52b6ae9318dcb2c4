"""The emulator as a process runs it: on ports, with data that outlives it."""

import asyncio
import socket
from pathlib import Path

import httpx
import pytest

from sf_sync.emulator.app import Emulator, run_emulator
from sf_sync.emulator.serving import HttpServer
from sf_sync.emulator.settings import EmulatorSettings
from tests.conformance.rest.caller import DATA

FORM = {
    "grant_type": "client_credentials",
    "client_id": "portal-bff",
    "client_secret": "local-development-only",
}


class Run:
    """One run from start to stop; `url` is known inside."""

    def __init__(self, settings: EmulatorSettings) -> None:
        self._settings = settings
        self._stop = asyncio.Event()
        self._listening: asyncio.Future[str] = asyncio.get_running_loop().create_future()

    async def __aenter__(self) -> httpx.AsyncClient:
        self._task = asyncio.create_task(run_emulator(self._settings, self._stop, ready=self._note))
        self._http = httpx.AsyncClient(base_url=await self._listening)
        token = (await self._http.post("/services/oauth2/token", data=FORM)).json()
        self._http.headers["Authorization"] = f"Bearer {token['access_token']}"
        return self._http

    async def __aexit__(self, *_: object) -> None:
        await self._http.aclose()
        self._stop.set()
        await self._task

    def _note(self, emulator: Emulator, server: HttpServer) -> None:
        self._listening.set_result(server.url)


class TestRun:
    @pytest.mark.asyncio
    async def test_keeps_records_and_commit_numbers_but_no_sessions(self, tmp_path: Path) -> None:
        settings = EmulatorSettings(port=0, pubsub_port=0, data_dir=tmp_path, demo=True)
        async with Run(settings) as http:
            created = await http.post(f"{DATA}/sobjects/Account", json={"Name": "Later"})
            before = (await http.get("/emulator/health")).json()
            old = dict(http.headers)

        async with Run(settings) as http:
            account = await http.get(f"{DATA}/sobjects/Account/{created.json()['id']}")
            after = (await http.get("/emulator/health")).json()
            stale = await http.get(f"{DATA}/limits", headers={"Authorization": old["authorization"]})

        assert account.json()["Name"] == "Later"
        assert after == before
        assert stale.status_code == 401

    @pytest.mark.asyncio
    async def test_fails_on_a_port_that_is_taken(self) -> None:
        with socket.create_server(("127.0.0.1", 0)) as taken:
            settings = EmulatorSettings(port=taken.getsockname()[1], pubsub_port=0)
            with pytest.raises(OSError, match="in use"):
                await run_emulator(settings, asyncio.Event())

    @pytest.mark.asyncio
    async def test_leads_a_browser_to_the_console(self) -> None:
        async with Run(EmulatorSettings(port=0, pubsub_port=0)) as http:
            answer = await http.get("/", follow_redirects=True)

        assert answer.status_code == 200
        assert str(answer.url).endswith("/console")
