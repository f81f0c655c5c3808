"""Every call to somebody else ends: in time where the answer drips in, and early where it never ends."""

from __future__ import annotations

import re
import socket
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

import pytest

from collector.cursor.client import CursorClient
from collector.cursor.errors import CursorApiError
from incidents.channels.base import DeliveryError
from incidents.channels.email import greet_server
from incidents.notifying import outbox
from incidents.notifying.heartbeat import send_heartbeat
from tests.incidents.factories import NOON, make_channel
from tracker.access.adapter import ProviderSignIn
from tracker.views import slack as slack_view

pytestmark = pytest.mark.django_db

MEGABYTE = 1024 * 1024
# What the system takes in on loopback before anybody reads it.
BUFFERS = 32 * MEGABYTE


@dataclass
class Peer:
    port: int = 0
    is_called: bool = False
    sent: int = 0  # bytes that went out before the other side hung up

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"


def flood(connection: socket.socket, peer: Peer) -> None:
    """An answer of any kind without end."""
    connection.settimeout(0.3)
    try:
        connection.recv(65_536)
        head, line = b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n\r\n", b" " * 1000
    except TimeoutError:  # a mail server speaks first
        head, line = b"", b"220-" + b"x" * 1000 + b"\r\n"
    connection.settimeout(None)
    connection.sendall(head)
    while True:
        peer.sent += connection.send(line * 64)


def drip(connection: socket.socket, peer: Peer) -> None:
    for byte in b"HTTP/1.1 200 OK\r\n\r\n" + b" " * 10_000:
        peer.sent += connection.send(bytes([byte]))
        time.sleep(0.05)


@contextmanager
def running(behave: Callable[[socket.socket, Peer], None]) -> Iterator[Peer]:
    listener = socket.create_server(("127.0.0.1", 0))
    peer = Peer(listener.getsockname()[1])

    def attend(connection: socket.socket) -> None:
        peer.is_called = True
        with connection, suppress(OSError):
            behave(connection, peer)

    def serve() -> None:
        with suppress(OSError):
            while True:
                threading.Thread(target=attend, args=(listener.accept()[0],), daemon=True).start()

    threading.Thread(target=serve, daemon=True).start()
    try:
        yield peer
    finally:
        listener.close()


def cursor(peer: Peer, settings) -> None:
    client = CursorClient(peer.url, "key_made_up", sleep=lambda _: None, waits=())
    client.get("/teams/members")


def send_test_on(kind: str, **fields: object) -> None:
    outbox.send_test(make_channel(kind, **fields), NOON)


def slack(peer: Peer, settings) -> None:
    settings.SLACK_BOT_TOKEN, settings.SLACK_API_URL = "xoxb-made-up", f"{peer.url}/api"
    send_test_on("slack")


def answer_to_slack(peer: Peer, settings) -> None:
    settings.SLACK_API_URL = f"{peer.url}/api"
    press = slack_view.Press("acknowledge", 1, "U1", f"{peer.url}/response")
    slack_view.reply_to_press(press, "Acknowledged.")


def webhook(peer: Peer, settings) -> None:
    send_test_on("webhook", target=peer.url)


def pagerduty(peer: Peer, settings) -> None:
    settings.PAGERDUTY_EVENTS_URL = peer.url
    send_test_on("pager")


def opsgenie(peer: Peer, settings) -> None:
    settings.OPSGENIE_API_URL = peer.url
    send_test_on("opsgenie")


def apprise(peer: Peer, settings) -> None:
    send_test_on("apprise", target=f"json://127.0.0.1:{peer.port}/hook")


def heartbeat(peer: Peer, settings) -> None:
    settings.HEARTBEAT_URL = peer.url
    send_heartbeat()


def mail(peer: Peer, settings) -> None:
    settings.EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
    settings.EMAIL_HOST, settings.EMAIL_PORT = "127.0.0.1", peer.port
    settings.EMAIL_CONFIGURED, settings.EMAIL_TIMEOUT = True, 2
    send_test_on("email")


def greet_mail_server(peer: Peer, settings) -> None:
    settings.EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
    settings.EMAIL_HOST, settings.EMAIL_PORT = "127.0.0.1", peer.port
    greet_server()


def mail_by_resend(peer: Peer, settings) -> None:
    settings.EMAIL_BACKEND = "anymail.backends.resend.EmailBackend"
    settings.ANYMAIL = {"RESEND_API_KEY": "re_made_up", "RESEND_API_URL": peer.url}
    settings.EMAIL_CONFIGURED, settings.DEFAULT_FROM_EMAIL = True, "costs@example.com"
    send_test_on("email")


def sign_in(peer: Peer, settings) -> None:
    with ProviderSignIn().get_requests_session() as session:
        session.get(f"{peer.url}/certs")


# Each call, and where its limit in seconds stands.
CALLS: dict[Callable[..., None], str] = {
    cursor: "collector.cursor.client.CALL_SECONDS",
    slack: "incidents.channels.slack.CALL_SECONDS",
    answer_to_slack: "incidents.channels.slack.REPLY_SECONDS",
    webhook: "incidents.channels.http.TOTAL_SECONDS",
    pagerduty: "incidents.channels.http.TOTAL_SECONDS",
    opsgenie: "incidents.channels.http.TOTAL_SECONDS",
    heartbeat: "incidents.channels.http.TOTAL_SECONDS",
    apprise: "incidents.channels.by_url.TOTAL_SECONDS",
    mail: "incidents.channels.email.CALL_SECONDS",
    greet_mail_server: "incidents.channels.email.CALL_SECONDS",
    mail_by_resend: "incidents.channels.email.CALL_SECONDS",
    sign_in: "tracker.access.adapter.CALL_SECONDS",
}
PROBLEMS = (DeliveryError, CursorApiError, OSError)


@pytest.mark.parametrize("behave", [flood, drip], ids=lambda behave: behave.__name__)
@pytest.mark.parametrize("call", CALLS, ids=lambda call: call.__name__)
def test_no_answer_is_read_without_end(call, behave, settings, monkeypatch):
    seconds = 0.5 if behave is drip else 20
    monkeypatch.setattr(CALLS[call], seconds)
    monkeypatch.setattr("collector.cursor.client.LARGEST_BODY", MEGABYTE)
    began = time.monotonic()
    with running(behave) as peer, suppress(*PROBLEMS):
        call(peer, settings)
    assert time.monotonic() - began < 6
    assert peer.is_called and peer.sent < BUFFERS


@pytest.mark.parametrize("call", CALLS, ids=lambda call: call.__name__)
def test_no_call_waits_for_a_name_longer_than_it_may_take(call, settings, monkeypatch):
    is_over = threading.Event()

    def resolve(*args: object, **options: object) -> None:
        is_over.wait(20)
        raise socket.gaierror(socket.EAI_AGAIN, "no server of names answers")

    monkeypatch.setattr(CALLS[call], 0.5)
    began = time.monotonic()
    with monkeypatch.context() as patch, suppress(*PROBLEMS):  # what empties Redis afterwards looks it up
        patch.setattr("collector.base.deadline._resolve", resolve)
        call(Peer(9), settings)
    took = time.monotonic() - began
    is_over.set()
    assert 0.4 < took < 6


def test_no_module_speaks_to_somebody_else_beside_these():
    """A new one has to be called above before it stands here."""
    imports = re.compile(
        r"^ *(?:import|from) (requests|urllib\.request|http\.client|smtplib|slack_sdk|apprise|socket"
        r"|django\.core\.mail|anymail|httpx|aiohttp)\b",
        re.MULTILINE,
    )
    root = Path(__file__).resolve().parent.parent
    apps = ("collector", "detection", "groups", "incidents", "tracker", "config")
    speaking = {
        f"{path.relative_to(root)}"
        for app in apps
        for path in (root / app).rglob("*.py")
        if imports.search(path.read_text("utf-8"))
    }
    calling = {
        "collector/cursor/client.py",
        "collector/cursor/recording.py",
        "collector/cursor/transport.py",
        "incidents/channels/by_url.py",
        "incidents/channels/email.py",
        "incidents/channels/http.py",
        "incidents/channels/slack.py",
        "incidents/channels/smtp.py",
        "tracker/access/adapter.py",
        "tracker/views/slack.py",
    }
    on_this_machine = {
        "collector/base/deadline.py",
        "collector/base/leases.py",  # its name
        "collector/cursor/failures.py",  # the names of exceptions
        "incidents/channels/targets.py",  # checks a URL
        "tracker/access/limits.py",  # ends the connection of whoever asked
        "tracker/demo/world.py",  # the sandbox
        "tracker/ops/doctor.py",  # an exception's name; it calls by the modules above
        "tracker/management/commands/serve.py",  # ports
        "tracker/running/demo.py",
    }
    assert speaking == calling | on_this_machine
