"""Bodies that are announced and never come, over real connections."""

from __future__ import annotations

import http.client
import os
import signal
import subprocess
import sys
import time
from urllib.parse import urlsplit

from django.conf import settings


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
