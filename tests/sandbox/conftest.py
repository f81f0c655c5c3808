"""One small company for all tests, and a client that speaks plain HTTP to it."""

from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

import pytest
import requests

from sandbox import Company, Sandbox, build_company

NOW = datetime(2026, 9, 16, 15, tzinfo=UTC)  # a Wednesday, two days into a cycle


@pytest.fixture(scope="session")
def company() -> Company:
    return build_company(members=40, days=60, seed=7, now=NOW)


@pytest.fixture
def sandbox(company: Company) -> Iterator[Sandbox]:
    with Sandbox(company, enforces_limits=False) as running:
        yield running


@pytest.fixture
def api(sandbox: Sandbox) -> Iterator["Client"]:
    with requests.Session() as session:
        session.auth = (sandbox.key, "")
        yield Client(session, sandbox.url)


class Client:
    """Calls of the sandbox. `get` and `post` return the JSON of a 200; `call` the answer as it came."""

    def __init__(self, session: requests.Session, url: str) -> None:
        self.session, self.url = session, url

    def call(self, method: str, path: str, **options: Any) -> requests.Response:
        return self.session.request(method, self.url + path, timeout=30, **options)

    def get(self, path: str, /, **query: Any) -> Any:
        return self._good(self.call("GET", path, params=query))

    def post(self, path: str, /, **body: Any) -> Any:
        return self._good(self.call("POST", path, json=body))

    def events(self, **body: Any) -> list[dict[str, Any]]:
        """Return all events of a window, read page by page."""
        rows: list[dict[str, Any]] = []
        page, has_next = 1, True
        while has_next:
            answer = self.post("/teams/filtered-usage-events", page=page, pageSize=1000, **body)
            rows += answer["usageEvents"]
            page, has_next = page + 1, answer["pagination"]["hasNextPage"]
        return rows

    def _good(self, answer: requests.Response) -> Any:
        assert answer.status_code == 200, answer.text
        return answer.json()
