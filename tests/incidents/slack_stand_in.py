"""A Slack of one's own on loopback: keeps messages and edits them, and fails as it is told to."""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs


@dataclass
class Fault:
    """One answer out of the ordinary: a status, an `ok:false` error, or silence for some seconds."""

    status: int = 200
    error: str = ""
    headers: dict[str, str] = field(default_factory=dict)
    hang: float = 0


@dataclass
class FakeSlack:
    """`messages` by ts, as they read now; `calls` is every call (method, arguments)."""

    url: str = ""
    emails: dict[str, str] = field(default_factory=dict)
    messages: dict[str, dict[str, Any]] = field(default_factory=dict)
    calls: list[tuple[str, dict[str, Any]]] = field(default_factory=list)
    faults: list[Fault] = field(default_factory=list)
    replies: list[dict[str, Any]] = field(default_factory=list)  # what came to a response_url
    after_posting: Callable[[], None] | None = None  # once, between taking a message and answering

    @property
    def roots(self) -> list[dict[str, Any]]:
        return [message for message in self.messages.values() if not message.get("thread_ts")]

    @property
    def thread(self) -> list[str]:
        return [message["text"] for message in self.messages.values() if message.get("thread_ts")]

    def answer(self, method: str, sent: dict[str, Any]) -> dict[str, Any]:
        self.calls.append((method, sent))
        if method == "chat.postMessage":
            ts = f"1700000000.{len(self.messages):06d}"
            self.messages[ts] = sent
            happens, self.after_posting = self.after_posting, None
            if happens:
                happens()
            return {"ok": True, "ts": ts, "channel": sent["channel"]}
        if method == "chat.update":
            if sent["ts"] not in self.messages:
                return {"ok": False, "error": "message_not_found"}
            self.messages[sent["ts"]] |= sent
            return {"ok": True, "ts": sent["ts"]}
        if method == "auth.test":
            return {"ok": True, "user": "costs", "team": "Example"}
        if method == "users.info":
            email = self.emails.get(sent["user"])
            return {"ok": True, "user": {"profile": {"email": email}}} if email else unknown_user()
        return {"ok": False, "error": "unknown_method"}


def unknown_user() -> dict[str, Any]:
    return {"ok": False, "error": "user_not_found"}


def decode(body: bytes, content_type: str) -> dict[str, Any]:
    if content_type.startswith("application/json"):
        return json.loads(body or b"{}")
    sent: dict[str, Any] = {name: values[0] for name, values in parse_qs(body.decode()).items()}
    if "blocks" in sent:
        sent["blocks"] = json.loads(sent["blocks"])
    return sent


@contextmanager
def running() -> Iterator[FakeSlack]:
    slack = FakeSlack()

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
            sent = decode(body, self.headers.get("Content-Type", ""))
            if self.path.startswith("/response/"):
                slack.replies.append(sent)
                return self.reply(200, {}, {"ok": True})
            fault = slack.faults.pop(0) if slack.faults else None
            if fault:
                slack.calls.append((self.path.rpartition("/")[2], sent))
                time.sleep(fault.hang)
                return self.reply(fault.status, fault.headers, {"ok": False, "error": fault.error})
            self.reply(200, {}, slack.answer(self.path.rpartition("/")[2], sent))

        do_GET = do_POST

        def reply(self, status: int, headers: dict[str, str], data: dict[str, Any]) -> None:
            body = json.dumps(data).encode()
            self.send_response(status)
            for name, value in {"Content-Type": "application/json", **headers}.items():
                self.send_header(name, value)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *args: Any) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    slack.url = f"http://127.0.0.1:{server.server_port}/api"
    threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True).start()
    try:
        yield slack
    finally:
        server.shutdown()
        server.server_close()
