"""A web service of one's own on loopback: keeps what it is sent, and answers as it is told to."""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any


@dataclass
class ServiceCall:
    method: str
    path: str
    headers: dict[str, str]
    body: Any


@dataclass
class FakeService:
    """`answers` are statuses for the next calls, then `status`; `trickle` seconds go by between bytes."""

    url: str = ""
    calls: list[ServiceCall] = field(default_factory=list)
    status: int = 202
    answers: list[int] = field(default_factory=list)
    headers: dict[str, str] = field(default_factory=dict)
    trickle: float = 0

    @property
    def bodies(self) -> list[Any]:
        return [call.body for call in self.calls]


@contextmanager
def running_service() -> Iterator[FakeService]:
    service = FakeService()

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            text = self.rfile.read(int(self.headers.get("Content-Length", 0)))
            body = json.loads(text) if text else None
            service.calls.append(ServiceCall(self.command, self.path, dict(self.headers), body))
            with suppress(OSError):  # whoever asked may have given up
                while service.trickle:
                    self.wfile.write(b" ")
                    time.sleep(service.trickle)
                self.send_response(service.answers.pop(0) if service.answers else service.status)
                for name, value in {"Content-Length": "0", **service.headers}.items():
                    self.send_header(name, value)
                self.end_headers()

        do_GET = do_POST

        def log_message(self, *args: Any) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    service.url = f"http://127.0.0.1:{server.server_port}"
    threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True).start()
    try:
        yield service
    finally:
        service.trickle = 0
        server.shutdown()
        server.server_close()
