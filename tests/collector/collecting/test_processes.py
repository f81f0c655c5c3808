"""Real processes on a real database file: killed in the middle, and two at once."""

import os
import shutil
import sqlite3
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path

import pytest

from collector.base.arguments import instant
from sandbox import Sandbox, build_company
from sandbox.faults import Again, Fault
from sandbox.http import Request, SandboxResponse

ROOT = Path(__file__).resolve().parents[3]
EVENTS = "/teams/filtered-usage-events"


class Installation:
    """A database of its own, and the commands that work on it."""

    def __init__(self, path: Path, sandbox: Sandbox) -> None:
        self.path = path
        self.environment = {
            **os.environ,
            "DATABASE_URL": f"sqlite:///{path}",
            "CURSOR_API_URL": sandbox.url,
            "CURSOR_ADMIN_API_KEY": sandbox.key,
            "DJANGO_SETTINGS_MODULE": "config.settings",
        }

    def start(self, *arguments: str) -> subprocess.Popen[str]:
        return subprocess.Popen(
            [sys.executable, "manage.py", *arguments],
            cwd=ROOT,
            env=self.environment,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )

    def run(self, *arguments: str) -> str:
        process = self.start(*arguments)
        output, _ = process.communicate(timeout=60)
        assert process.returncode == 0, output
        return output

    def query(self, sql: str) -> list[tuple]:
        with sqlite3.connect(self.path, timeout=10) as connection:
            return connection.execute(sql).fetchall()

    def window_read(self) -> tuple[datetime, datetime]:
        """The window of the run that read the events: processes go by the clock, whatever minute it is."""
        [(start, end)] = self.query(
            "SELECT window_start_at, window_end_at FROM collector_sourcerun"
            " WHERE source = 'events' AND status = 'ok'"
        )
        return instant(start), instant(end)

    def wait_for(self, sql: str) -> None:
        until = time.monotonic() + 90
        while not self.query(sql):
            assert time.monotonic() < until, f"never: {sql}"
            time.sleep(0.02)


@dataclass(frozen=True)
class HeldBack(Fault):
    """The right answer, once `released`."""

    released: threading.Event = field(default_factory=threading.Event)

    def spoil(self, answer: SandboxResponse, request: Request, again: Again) -> SandboxResponse:
        self.released.wait(60)
        return answer


@pytest.fixture(scope="module")
def now() -> datetime:
    return datetime.now(UTC)


@pytest.fixture(scope="module")
def sandbox(now: datetime) -> Iterator[Sandbox]:
    company = build_company(members=10, days=8, seed=5, now=now, has_stories=False)
    with Sandbox(company, enforces_limits=False) as running:
        yield running


@pytest.fixture
def installation(tmp_path: Path, migrated_sqlite: Path, sandbox: Sandbox) -> Installation:
    return Installation(shutil.copy(migrated_sqlite, tmp_path / "db.sqlite3"), sandbox)


RUNNING = "SELECT 1 FROM collector_sourcerun WHERE source = 'events' AND status = 'running'"


def test_a_run_killed_in_the_middle_is_made_good_by_the_next(installation, sandbox):
    sandbox.faults.next(EVENTS, answer := HeldBack())
    victim = installation.start("collect")
    installation.wait_for(RUNNING)
    victim.kill()
    victim.communicate()
    answer.released.set()
    assert installation.query("SELECT count(*) FROM collector_usageevent") == [(0,)]
    assert "events            ok" in installation.run("collect")
    stored = installation.query(
        "SELECT count(*), sum(charged_cents), max(occurred_at) FROM collector_usageevent"
    )
    truth = sandbox.truth(*installation.window_read())
    assert stored[0][0] == truth.count > 0
    assert abs(Decimal(str(stored[0][1])) - truth.charged_cents) < Decimal("0.0001")
    assert installation.query("SELECT source, error FROM collector_sourcerun WHERE status = 'failed'") == [
        ("events", "interrupted: the next run continues from here")
    ]


def test_of_two_runs_at_once_one_works_and_the_other_says_so(installation, sandbox):
    sandbox.faults.next(EVENTS, answer := HeldBack())
    first = installation.start("collect")
    installation.wait_for(RUNNING)
    assert "already running" in installation.run("collect")
    answer.released.set()
    output, _ = first.communicate(timeout=60)
    assert first.returncode == 0, output
    assert installation.query("SELECT count(*) FROM collector_sourcerun WHERE source = 'events'") == [(1,)]


def test_a_key_that_was_replaced_is_named_and_the_new_one_is_used_by_the_next_run(installation, sandbox):
    installation.run("collect")
    before = installation.query("SELECT count(*), sum(charged_cents) FROM collector_usageevent")
    installation.environment["CURSOR_ADMIN_API_KEY"] = "key_revoked_last_week"
    process = installation.start("collect", "--source", "events")
    output, _ = process.communicate(timeout=60)
    assert process.returncode == 1
    assert "set CURSOR_ADMIN_API_KEY to a valid team key" in output
    assert "key_revoked_last_week" not in output + str(
        installation.query("SELECT error FROM collector_sourcerun")
    )
    assert installation.query("SELECT count(*), sum(charged_cents) FROM collector_usageevent") == before
    installation.environment["CURSOR_ADMIN_API_KEY"] = sandbox.key
    assert "events            ok" in installation.run("collect", "--source", "events")
