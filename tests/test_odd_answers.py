"""Whatever a peer answers, the call ends as a failure of the call: never as a fault of ours."""

from __future__ import annotations

import socket
from contextlib import suppress

import pytest

from tests.test_outgoing_calls import CALLS, PROBLEMS, Peer, running

pytestmark = pytest.mark.django_db

DEEP = b"[" * 100_000


def http(status: bytes = b"200 OK", head: bytes = b"", body: bytes = b"{}") -> bytes:
    return b"HTTP/1.1 %s\r\n%sContent-Length: %d\r\n\r\n%s" % (status, head, len(body), body)


ANSWERS = {
    "no protocol": b"\x00\xff nothing known\r\n\r\n",
    "no status": b"HTTP/1.1 abc OK\r\n\r\n",
    "a line without end": b"HTTP/1.1 200 OK\r\nX: " + b"x" * 70_000 + b"\r\n\r\n",
    "a chunk of no length": b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n",
    "a charset that nobody has": http(head=b"Content-Type: text/html; charset=none-such\r\n"),
    "a redirect to no address": http(b"302 Found", b"Location: http://[::1\r\n"),
    "a wait until no date": http(b"429 X", b"Retry-After: Fri, 31 Dec 99999999999999999999 23:59:59 GMT\r\n"),
    "a refusal without end": http(b"400 Bad Request", body=DEEP),
    "lists in lists": http(body=DEEP),
    "a list": http(body=b"[1]"),
    "a success that names nothing": http(
        body=b'{"ok": true, "ts": null, "user": [], "id": {}, "data": [null]}'
    ),
    "an exponent without end": http(body=b'{"ok": 1e99999999999999999999}'),
    "a page to sign in": http(body=b"<html>Sign in</html>"),
}


@pytest.mark.parametrize("name", ANSWERS)
@pytest.mark.parametrize("call", CALLS, ids=lambda call: call.__name__)
def test_no_answer_is_a_fault_of_ours(call, name, settings, monkeypatch, caplog):
    def behave(connection: socket.socket, peer: Peer) -> None:
        connection.settimeout(0.1)
        with suppress(TimeoutError):  # a mail server speaks first
            connection.recv(65_536)
        connection.sendall(ANSWERS[name])

    monkeypatch.setattr(CALLS[call], 4)
    with running(behave) as peer:
        try:
            call(peer, settings)
        except PROBLEMS as problem:
            assert "Unexpected" not in str(problem)
    assert peer.is_called
    assert not [record for record in caplog.records if record.exc_info]
