"""A client that passes each answer to a recorder."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

import requests

from .client import Answer, CursorClient

# Method, path, what was asked, status, body.
AnswerWatcher = Callable[[str, str, Mapping[str, object], int, bytes], None]


@dataclass
class RecordingClient(CursorClient):
    """Asks as any client does; `watch_answer` sees every complete answer before it is judged."""

    watch_answer: AnswerWatcher = lambda method, path, asked, status, body: None
    asked: Mapping[str, object] = field(default_factory=dict)

    def _ask(self, method: str, path: str, **request: Any) -> Answer:
        self.asked = {**(request.get("params") or {}), **(request.get("json") or {})}
        return super()._ask(method, path, **request)

    def _read(self, where: str, response: requests.Response, body: bytes) -> Answer:
        method, _, path = where.partition(" ")
        self.watch_answer(method, path, self.asked, response.status_code, body)
        return super()._read(where, response, body)
