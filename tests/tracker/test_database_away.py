"""A page and an answer of the API while the database is away; every other error stays one."""

import pytest
from django.contrib.sessions.middleware import SessionMiddleware
from django.db import InterfaceError, OperationalError, ProgrammingError, connection

CASES = [
    (OperationalError, False, 503),
    (InterfaceError, False, 503),
    (OperationalError, True, 500),  # a statement that took too long, a table of SQLite that is missing
    (ProgrammingError, False, 500),
    (KeyError, False, 500),
]


@pytest.mark.parametrize(("kind", "is_usable", "status"), CASES)
def test_only_a_connection_that_is_gone_is_an_outage(client, monkeypatch, kind, is_usable, status):
    def fail(*_: object) -> None:
        raise kind("about a made-up secret")

    monkeypatch.setattr(SessionMiddleware, "process_request", fail)
    monkeypatch.setattr(connection, "is_usable", lambda: is_usable)
    client.raise_request_exception = False
    page, answer = client.get("/"), client.get("/api/stats")
    assert (page.status_code, answer.status_code) == (status, status)
    assert (page.get("Retry-After"), answer.get("Retry-After")) == (
        ("30",) * 2 if status == 503 else (None,) * 2
    )
    assert ("database does not answer" in page.content.decode()) is (status == 503)
    assert answer.json()["error"] == ("service_unavailable" if status == 503 else "internal_server_error")
    assert b"secret" not in page.content + answer.content
