"""A call is over in time, however the other side behaves."""

from __future__ import annotations

import _socket
import smtplib
import socket
import threading
import time
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress

import pytest
import requests

from collector.base.deadline import BodyTooLarge, DeadlineExceeded, deadline, read_at_most
from collector.cursor.client import CursorClient
from collector.cursor.errors import CursorApiError
from incidents.channels.smtp import BoundedSmtp


@contextmanager
def peer(behave: Callable[[socket.socket], None]) -> Iterator[int]:
    """A server on loopback that behaves so on each connection; yields its port."""
    listener = socket.create_server(("127.0.0.1", 0))

    def serve() -> None:
        while True:
            try:
                connection, _ = listener.accept()
            except OSError:
                return
            threading.Thread(target=attend, args=(connection,), daemon=True).start()

    def attend(connection: socket.socket) -> None:
        with connection, suppress(OSError):
            behave(connection)

    threading.Thread(target=serve, daemon=True).start()
    try:
        yield listener.getsockname()[1]
    finally:
        listener.close()


def drip(connection: socket.socket) -> None:
    """A byte now and then, for ever."""
    for byte in b"HTTP/1.1 200 OK\r\nX-Slow: " + b"x" * 10_000:
        connection.sendall(bytes([byte]))
        time.sleep(0.05)


def drip_body(connection: socket.socket) -> None:
    connection.recv(65_536)
    connection.sendall(b"HTTP/1.1 200 OK\r\n\r\n")  # no length: the end is where the connection ends
    for _ in range(10_000):
        connection.sendall(b" ")
        time.sleep(0.05)


def silence(connection: socket.socket) -> None:
    connection.recv(65_536)
    time.sleep(30)


CALLS = {
    "requests": lambda port: requests.get(f"http://127.0.0.1:{port}/", timeout=20),
    "urllib": lambda port: urllib.request.urlopen(f"http://127.0.0.1:{port}/", timeout=20).read(),
    "smtplib": lambda port: BoundedSmtp("127.0.0.1", port, timeout=20),
}


@pytest.mark.parametrize("behave", [drip, drip_body, silence])
@pytest.mark.parametrize("call", CALLS)
def test_a_call_ends_with_its_deadline_whatever_the_peer_does(behave, call):
    began = time.monotonic()
    with peer(behave) as port, pytest.raises(DeadlineExceeded), deadline(0.3):
        CALLS[call](port)
    assert time.monotonic() - began < 3


@pytest.mark.django_db
def test_a_connection_that_was_open_before_the_deadline_ends_too(monkeypatch):
    """Cursor's client keeps its connections: the second call goes over the first one's."""
    answers = iter([b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{}"])

    def behave(connection: socket.socket) -> None:
        connection.recv(65_536)
        connection.sendall(next(answers))
        connection.recv(65_536)
        drip(connection)

    monkeypatch.setattr("collector.cursor.client.CALL_SECONDS", 0.3)
    with peer(behave) as port:
        client = CursorClient(f"http://127.0.0.1:{port}", "key_made_up", sleep=lambda _: None)
        monkeypatch.setattr("collector.cursor.retry.next_wait", lambda *_: None)
        client.get("/teams/members")
        began = time.monotonic()
        with pytest.raises(CursorApiError, match="within"):
            client.get("/teams/members")
    assert time.monotonic() - began < 3


def test_what_is_in_time_is_left_alone_and_deadlines_nest():
    with deadline(5), deadline(5):
        pass
    with pytest.raises(ValueError, match="mine"), deadline(5):
        raise ValueError("mine")


def test_a_body_without_end_is_not_read_to_its_end():
    class Endless:
        def read(self, size: int) -> bytes:
            return b"x" * size

    with pytest.raises(BodyTooLarge):
        read_at_most(Endless(), 1000)


def test_a_mail_server_that_talks_without_end_is_left():
    def talk(connection: socket.socket) -> None:
        while True:
            connection.sendall(b"220-" + b"x" * 1000 + b"\r\n")

    with peer(talk) as port, pytest.raises((BodyTooLarge, smtplib.SMTPException)), deadline(10):
        BoundedSmtp("127.0.0.1", port, timeout=5)


@pytest.mark.parametrize(
    "address",
    [
        "169.254.169.254",
        "::ffff:169.254.169.254",
        "::ffff:0:169.254.169.254",  # translated
        "64:ff9b:1::169.254.169.254",  # a network's own translation
        "64:ff9b:1:a9fe:a9:fe00::",  # the same behind a prefix of 48 bits
        "64:ff9b:1:a9:fe:a9fe::",  # of 56
        "64:ff9b:1:0:a9:fea9:fe00:0",  # of 64
        "2002:a9fe:a9fe::1",  # 6to4
        "2001:0:a9fe:a9fe::1",  # Teredo, by way of it
        "2001:0:102:304:0:0:5601:5601",  # Teredo, to it
        "fd00:ec2::254%1",
        "100.100.100.200",
        "192.0.0.192",
    ],
)
def test_a_name_of_a_clouds_metadata_service_is_not_called(monkeypatch, address):
    family = socket.AF_INET6 if ":" in address else socket.AF_INET
    answer = [(family, socket.SOCK_STREAM, 6, "", (address, 80))]
    with monkeypatch.context() as patched, deadline(2):
        patched.setattr(socket, "getaddrinfo", lambda *args, **options: answer)
        patched.setattr(socket.socket, "connect", _socket.socket.connect)  # past the tests' own guard
        with pytest.raises(requests.ConnectionError, match="link-local"):
            requests.get("http://metadata.example/latest", timeout=1)
