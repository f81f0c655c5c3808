"""Bodies that are announced and never come, over real connections."""

from __future__ import annotations

import http.client
import os
import signal
import socket
import subprocess
import sys
import time
from urllib.parse import urlsplit

import pytest
from django.conf import settings
from django.contrib.auth.models import User
from django.http import HttpResponse

from tracker.access import limits


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("url", "content_type"),
    [
        ("/incidents/bulk", "application/x-www-form-urlencoded"),
        ("/incidents/bulk", "multipart/form-data; boundary=x"),
        ("/api/groups/import", "application/json"),
    ],
)
def test_a_page_that_waits_for_the_rest_of_a_form_refuses_it_when_its_time_is_over(
    client, monkeypatch, url, content_type
):
    monkeypatch.setattr(limits, "BODY_SECONDS", 0.05)
    client.force_login(User.objects.create_superuser("boss"), "django.contrib.auth.backends.ModelBackend")
    here, there = socket.socketpair()
    with here, there, here.makefile("rb") as stream:
        there.sendall(b"username=ann&password=half")
        wsgi = {"wsgi.input": stream, "CONTENT_LENGTH": "1000", "gunicorn.socket": here}
        response = client.generic("POST", url, CONTENT_TYPE=content_type, **wsgi)
    assert response.status_code == 400


def test_no_time_runs_out_for_a_page_that_has_all_of_its_form(rf):
    request = rf.post("/incidents/bulk", {"action": "resolve"})
    limits.LimitsMiddleware(lambda request: HttpResponse()).process_request(request)
    assert request.POST["action"] == "resolve"
    request.body_timer.join(5)
    assert not request.body_timer.is_alive()


def test_a_refused_request_whose_body_never_comes_is_answered_and_holds_no_thread(shared_database_url):
    server = subprocess.Popen(
        [
            *(sys.executable, "-m", "gunicorn", "--config=config/gunicorn.py"),
            *("--bind=127.0.0.1:0", "config.wsgi"),
        ],
        cwd=settings.BASE_DIR,
        env=os.environ | {"DATABASE_URL": shared_database_url, "WEB_CONCURRENCY": "1"},
        stderr=subprocess.PIPE,
        text=True,
    )
    try:
        address = urlsplit(next(line for line in server.stderr if "Listening at" in line).split()[-2]).netloc
        slow = [http.client.HTTPConnection(address, timeout=60) for _ in range(3)]  # one more than threads
        for connection in slow:
            connection.request("POST", "/nowhere", b"a", {"Content-Length": "1000"})
        asked_at = time.monotonic()
        other = http.client.HTTPConnection(address, timeout=60)
        other.request("GET", "/healthz/live")
        assert other.getresponse().status == 200
        assert time.monotonic() - asked_at < 40
        assert [connection.getresponse().status for connection in slow] == [404] * 3
    finally:
        server.send_signal(signal.SIGTERM)
        server.wait(60)
        server.stderr.close()
