"""A Slack of one's own on loopback: keeps messages and edits them, and fails as it is told to."""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, urlsplit


@dataclass
class Fault:
    """One answer out of the ordinary: a status, an `ok:false` error, or silence for some seconds.

    `is_late` comes after the call has had its effect. With `method` it waits for that call.
    """

    status: int = 200
    error: str = ""
    headers: dict[str, str] = field(default_factory=dict)
    hang: float = 0
    is_late: bool = False
    method: str = ""


@dataclass
class FakeSlack:
    """`messages` by ts, as they read now; `calls` is every call (method, arguments)."""

    url: str = ""
    emails: dict[str, str] = field(default_factory=dict)
    zone: str = "UTC"  # of everybody
    user_fields: dict[str, Any] = field(default_factory=dict)  # what users.info says of everybody besides
    messages: dict[str, dict[str, Any]] = field(default_factory=dict)
    calls: list[tuple[str, dict[str, Any]]] = field(default_factory=list)
    faults: list[Fault] = field(default_factory=list)
    replies: list[dict[str, Any]] = field(default_factory=list)  # what came to a response_url
    may_read: bool = False  # whether the app has the scope to read messages
    after_posting: Callable[[], None] | None = None  # once, between taking a message and answering
    pause: float = 0  # seconds between keeping a message and answering that it is kept

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
            return {"ok": True, "user": "costs", "team": "Example", "team_id": "T1"}
        if method in ("conversations.history", "conversations.replies"):
            return self.read(sent) if self.may_read else {"ok": False, "error": "missing_scope"}
        if method == "users.info":
            email = self.emails.get(sent["user"])
            user = {"tz": self.zone, "profile": {"email": email}, **self.user_fields}
            return {"ok": True, "user": user} if email else unknown_user()
        if method == "users.lookupByEmail":
            users = [user for user, email in self.emails.items() if email == sent["email"]]
            return (
                {"ok": True, "user": {"id": users[0]}} if users else {"ok": False, "error": "users_not_found"}
            )
        if method == "conversations.open":
            return {"ok": True, "channel": {"id": f"D{sent['users']}"}}
        return {"ok": False, "error": "unknown_method"}

    def next_fault(self, method: str) -> Fault | None:
        is_due = self.faults and self.faults[0].method in ("", method) and "conversations." not in method
        return self.faults.pop(0) if is_due else None

    def read(self, sent: dict[str, Any]) -> dict[str, Any]:
        """Messages of the channel, or of a thread, with their metadata."""
        thread = sent.get("ts")
        found = [
            {"ts": ts, "metadata": message["metadata"]}
            for ts, message in self.messages.items()
            if message.get("thread_ts") == thread
        ]
        return {"ok": True, "messages": found}


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
            address = urlsplit(self.path)
            method = address.path.rpartition("/")[2]
            sent |= {name: values[0] for name, values in parse_qs(address.query).items()}
            fault = slack.next_fault(method)
            if fault:
                slack.answer(method, sent) if fault.is_late else slack.calls.append((method, sent))
                time.sleep(fault.hang)
                return self.reply(fault.status, fault.headers, {"ok": False, "error": fault.error})
            answer = slack.answer(method, sent)
            time.sleep(slack.pause)
            with suppress(ConnectionError):  # whoever asked may have been killed meanwhile
                self.reply(200, {}, answer)

        do_GET = do_POST

        def reply(self, status: int, headers: dict[str, str], data: dict[str, Any]) -> None:
            body = json.dumps(data).encode()
            self.send_response(status)
            for name, value in {"Content-Type": "application/json", **headers}.items():
                self.send_header(name, value)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            with suppress(ConnectionError):  # whoever asked has given up, or was killed
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
