"""A bare HTTP caller of the emulator, with none of the product's client in it."""

from typing import Any, Self

import httpx

from sf_sync.emulator.app import Emulator
from sf_sync.emulator.platform_seed import INTEGRATION_USERNAME, find_user_id

DATA = "/services/data/v66.0"
BASE_URL = "http://127.0.0.1:8100"


class Caller:
    """Paths that do not begin with a slash are below the data path of version 66.0."""

    def __init__(self, emulator: Emulator, *, client: str = "conformance") -> None:
        self.emulator = emulator
        user_id = find_user_id(emulator.org, INTEGRATION_USERNAME) or ""
        session = emulator.sessions.issue(org_id=emulator.org.org_id, user_id=user_id, client_id="portal-bff")
        self.user_id = user_id
        self.headers = {
            "Authorization": f"Bearer {session.token}",
            "Sforce-Call-Options": f"client={client}",
        }
        transport = httpx.ASGITransport(app=emulator.asgi)
        self._http = httpx.AsyncClient(transport=transport, base_url=BASE_URL)

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None:
        await self._http.aclose()

    async def call(
        self, method: str, path: str, *, headers: dict[str, str] | None = None, **rest: Any
    ) -> httpx.Response:
        url = path if path.startswith("/") else f"{DATA}/{path}"
        return await self._http.request(method, url, headers={**self.headers, **(headers or {})}, **rest)

    async def anonymous(self, method: str, path: str, **rest: Any) -> httpx.Response:
        return await self._http.request(method, path, **rest)

    async def query(self, soql: str, *, resource: str = "query", **rest: Any) -> httpx.Response:
        return await self.call("GET", resource, params={"q": soql}, **rest)

    async def select(self, soql: str, *, resource: str = "query") -> list[dict[str, Any]]:
        """The records of a query that must succeed."""
        answer = await self.query(soql, resource=resource)
        assert answer.status_code == 200, answer.text
        records: list[dict[str, Any]] = answer.json()["records"]
        return records

    async def create(self, entity: str, **values: Any) -> str:
        """The id of a record that must be created."""
        answer = await self.call("POST", f"sobjects/{entity}", json=values)
        assert answer.status_code == 201, answer.text
        return str(answer.json()["id"])

    async def read(self, entity: str, record_id: str) -> dict[str, Any]:
        answer = await self.call("GET", f"sobjects/{entity}/{record_id}")
        assert answer.status_code == 200, answer.text
        record: dict[str, Any] = answer.json()
        return record


def error_of(answer: httpx.Response) -> dict[str, Any]:
    """The one entry of an error body, which is a list."""
    body = answer.json()
    assert isinstance(body, list), body
    assert len(body) == 1
    entry: dict[str, Any] = body[0]
    return entry
