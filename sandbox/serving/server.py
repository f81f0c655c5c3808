"""A real HTTP server on loopback in front of the made-up API."""

import contextlib
import json
import socket
import struct
import sys
import threading
import time
from datetime import datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, Self
from urllib.parse import parse_qsl, urlsplit

from ..api import Api
from ..clock import Clock
from ..company import Company
from ..http import Request, SandboxResponse, Wire
from ..replay import Recording
from ..state.behaviour import Behaviour
from ..truth import Truth, truth
from . import control

DEFAULT_KEY = "key_sandbox"
HOST = "127.0.0.1"
NO_LINGER = struct.pack("ii", 1, 0)  # closing such a socket resets the connection


class Sandbox:
    """A running sandbox, to be used in a `with` block or by `start` and `stop`; port 0 takes a free one."""

    def __init__(
        self,
        company: Company,
        *,
        port: int = 0,
        key: str = DEFAULT_KEY,
        clock: Clock | None = None,
        recording: Recording | None = None,
        **switches: Any,
    ) -> None:
        self.company, self.key = company, key
        self.clock = clock or Clock(company.now)
        self.behaviour = Behaviour(**switches)
        self.api = Api(company, recording, key=key, clock=self.clock, behaviour=self.behaviour)
        self.limits, self.faults = self.api.limits, self.api.faults
        self._server = _Server((HOST, port), _Handler, self.api)
        self._thread = threading.Thread(
            target=self._server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True
        )

    @property
    def url(self) -> str:
        return f"http://{HOST}:{self._server.server_address[1]}"

    def truth(self, start: datetime | None = None, end: datetime | None = None) -> Truth:
        """Return what the API shows now of [start, end); without bounds, of all time."""
        return truth(self.api.view(), start, end)

    def start(self) -> Self:
        self._thread.start()
        return self

    def stop(self) -> None:
        self._server.shutdown()
        self._server.server_close()
        self._server.hang_up()
        self._thread.join()

    def __enter__(self) -> Self:
        return self.start()

    def __exit__(self, *raised: object) -> None:
        self.stop()


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    block_on_close = False
    request_queue_size = 64

    def __init__(self, address: tuple[str, int], handler: type[BaseHTTPRequestHandler], api: Api) -> None:
        super().__init__(address, handler)
        self.api = api
        self._open: set[socket.socket] = set()

    def process_request(self, request: Any, client_address: object) -> None:
        self._open.add(request)
        super().process_request(request, client_address)

    def hang_up(self) -> None:
        """Close the connections that clients keep alive; otherwise they would still be answered."""
        for connection in tuple(self._open):
            with contextlib.suppress(OSError):
                connection.shutdown(socket.SHUT_RDWR)

    def shutdown_request(self, request: Any) -> None:
        """Say farewell before closing, except to a connection that is to be reset."""
        self._open.discard(request)
        if request.getsockopt(socket.SOL_SOCKET, socket.SO_LINGER, len(NO_LINGER)) == NO_LINGER:
            self.close_request(request)
        else:
            super().shutdown_request(request)

    def handle_error(self, request: Any, client_address: object) -> None:
        """A client that disconnects is not an error."""
        if not isinstance(sys.exception(), ConnectionError):
            super().handle_error(request, client_address)


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    wbufsize = 1 << 16  # head and body leave together
    server: _Server

    def do_GET(self) -> None:
        self._answer({})

    def do_POST(self) -> None:
        body = self._body()
        if body is None:
            self._send(
                SandboxResponse({"error": "Bad Request", "message": "The body must be a JSON object"}, 400)
            )
        else:
            self._answer(body)

    def _body(self) -> dict[str, object] | None:
        raw = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        try:
            body = json.loads(raw or b"{}")
        except ValueError:
            return None
        return body if isinstance(body, dict) else None

    def _answer(self, body: dict[str, object]) -> None:
        address = urlsplit(self.path)
        request = Request(
            method=self.command,
            path=address.path,
            view=self.server.api.view(),
            query=dict(parse_qsl(address.query)),
            body=body,
            if_none_match=self.headers.get("If-None-Match"),
        )
        if request.path.startswith(control.PREFIX):
            self._send(control.control_sandbox(self.server.api, request))
        else:
            self._send(self.server.api.answer(request, self.headers.get("Authorization")))

    def _send(self, answer: SandboxResponse) -> None:
        time.sleep(answer.delay_seconds)
        if answer.wire is Wire.RESET:
            self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, NO_LINGER)
            raise ConnectionResetError
        body = _encoded(answer)
        self.send_response_only(answer.status)
        self.send_header("Date", self.date_time_string())
        self.send_header("Content-Length", str(len(body)))
        for name, value in ({"Content-Type": "application/json; charset=utf-8"} | answer.headers).items():
            self.send_header(name, value)
        self.end_headers()
        if answer.wire is Wire.TRUNCATED:
            body, self.close_connection = body[: len(body) // 2], True
        self.wfile.write(body)

    def log_message(self, format: str, *args: object) -> None:
        """Log nothing, because the sandbox counts its requests itself."""


def _encoded(answer: SandboxResponse) -> bytes:
    if answer.status == 304:
        return b""
    if isinstance(answer.body, str):
        return answer.body.encode()
    return json.dumps(answer.body, separators=(",", ":")).encode()
