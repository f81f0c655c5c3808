"""What a newcomer does first: start it without a key, and look."""

import os
import re
import shutil
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest
import requests
from django.conf import settings

from sandbox import Sandbox, build_company

# Under faketime what is started goes by its clock as well: the demo is tried on other days that way.
KEPT = ("PATH", "HOME", "LANG", "LD_PRELOAD")


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def manage(*arguments: str) -> list[str]:
    return [sys.executable, "manage.py", *arguments]


@pytest.fixture
def environment(tmp_path: Path, migrated_sqlite: Path) -> dict[str, str]:
    """A machine on which nothing of the product has run yet, but `migrate`."""
    shutil.copy(migrated_sqlite, tmp_path / "db.sqlite3")
    kept = {name: value for name, value in os.environ.items() if name in KEPT or "FAKETIME" in name}
    return kept | {"VAR_DIR": str(tmp_path), "PYTHONUNBUFFERED": "1"}


class Served:
    """`manage.py serve` as a newcomer runs it, with what it has said so far."""

    def __init__(self, environment: dict[str, str], log: Path) -> None:
        self.address = f"127.0.0.1:{free_port()}"
        self.log = log
        with log.open("wb") as output:
            self.process = subprocess.Popen(
                manage("serve", "--bind", self.address, "--demo-days", "2"),
                cwd=settings.BASE_DIR,
                env=environment,
                stdout=output,
                stderr=subprocess.STDOUT,
            )

    def wait_for(self, words: str, seconds: int = 90) -> str:
        deadline = time.monotonic() + seconds
        while words not in self.said and time.monotonic() < deadline and self.process.poll() is None:
            time.sleep(0.2)
        assert words in self.said
        return self.said

    @property
    def said(self) -> str:
        return self.log.read_text()

    def get(self, path: str) -> str:
        answer = requests.get(f"http://{self.address}{path}", timeout=30)
        assert answer.status_code == 200
        return answer.text

    def stop(self) -> int:
        self.process.send_signal(signal.SIGINT)
        return self.process.wait(30)


@pytest.fixture
def served(environment, tmp_path) -> Iterator[Served]:
    running = Served(environment, tmp_path / "serve.txt")
    yield running
    if running.process.poll() is None:
        running.process.kill()


@pytest.mark.slow
def test_a_newcomer_sees_the_spend_and_an_incident_and_a_second_start_goes_on(served, environment, tmp_path):
    said = served.wait_for("Ready: ", seconds=240)
    assert "demo data of a made-up company" in said
    assert re.search(r"Admin login, shown once: admin / \S+", said)
    overview, incidents = served.get("/"), served.get("/incidents")
    assert "Demo data." in overview
    assert "What to look at" in overview
    assert "Critical: you spent" in served.get("/demo/messages")
    assert re.search(r"\$[\d.]+K", overview)
    assert re.search(r"spent \$[\d,.]+ in 24 h, [\d.,]+x their usual", incidents)
    assert served.stop() == 0

    again = Served(environment, tmp_path / "again.txt")
    said = again.wait_for("Ready: ")
    assert "First collection" not in said
    assert "Making the demo" not in said
    assert "Admin login" not in said
    assert again.stop() == 0


def test_a_refused_key_is_reported_once_before_the_site_is_ready(environment, tmp_path):
    company = build_company(members=2, days=1, seed=7, now=datetime.now(UTC))
    with Sandbox(company) as cursor:
        key = {"CURSOR_ADMIN_API_KEY": "key_wrong", "CURSOR_API_URL": cursor.url}
        served = Served(environment | key, tmp_path / "said.txt")
        said = served.wait_for("Ready: ")
        assert served.stop() == 0
    assert said.count("Cursor refused the key") == 1
    assert (tmp_path / "log").stat().st_mode & 0o077 == 0


def test_an_address_in_use_is_refused_with_what_to_do(environment):
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        bind = f"127.0.0.1:{taken.getsockname()[1]}"
        done = subprocess.run(
            manage("serve", "--bind", bind),
            cwd=settings.BASE_DIR,
            env=environment,
            capture_output=True,
            text=True,
        )
    assert done.returncode == 1
    assert f"cannot serve on {bind}" in done.stderr
    assert "--bind" in done.stderr
