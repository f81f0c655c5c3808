"""Processes killed at the worst moments, for real: nothing is lost, and one message comes at most twice."""

from __future__ import annotations

import os
import shutil
import signal
import sqlite3
import subprocess
import sys
from pathlib import Path

import pytest

from tests.incidents import slack_stand_in

ROOT = Path(__file__).resolve().parents[3]
pytestmark = pytest.mark.slow

OPEN_AND_DIE = """
import os
from tests.incidents.factories import NOON, make_anomaly, run_at
from incidents.channels.registry import seed_channels
from incidents.lifecycle import take_in
seed_channels()
make_anomaly()
take_in(run_at(NOON), NOON)
os.kill(os.getpid(), 9)
"""


# While the lease holds, after it has run out, and later.
DELIVER_THRICE = """
from datetime import timedelta
from django.utils import timezone
from incidents.notifying.outbox import deliver_due
for minutes in (1, 16, 60):
    print(deliver_due(timezone.now() + timedelta(minutes=minutes)).summary)
"""


class Site:
    """The product as processes of its own over one database file."""

    def __init__(self, path: Path, slack: slack_stand_in.FakeSlack) -> None:
        self.path = path
        self.environment = os.environ | {
            "DJANGO_SETTINGS_MODULE": "config.settings",
            "DATABASE_URL": f"sqlite:///{path}",
            "SLACK_BOT_TOKEN": "xoxb-made-up",
            "SLACK_CHANNEL_ID": "C0123456789",
            "SLACK_API_URL": slack.url,
        }

    def start(self, *arguments: str) -> subprocess.Popen:
        command = [sys.executable, "manage.py", *arguments]
        return subprocess.Popen(
            command,
            cwd=ROOT,
            env=self.environment,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )

    def run(self, *arguments: str) -> tuple[int, str]:
        process = self.start(*arguments)
        said, _ = process.communicate(timeout=60)
        return process.returncode, said

    def ask(self, sql: str) -> list[tuple]:
        with sqlite3.connect(self.path) as database:
            return database.execute(sql).fetchall()


def test_killed_before_and_after_sending_nothing_is_lost_and_one_message_repeats_once(
    tmp_path, migrated_sqlite
):
    with slack_stand_in.running() as slack:
        site = Site(shutil.copy(migrated_sqlite, tmp_path / "db.sqlite3"), slack)
        # Between recording and sending: the notification waits.
        assert site.run("shell", "-v0", "-c", OPEN_AND_DIE)[0] == -signal.SIGKILL
        assert site.ask("SELECT status, tries FROM incidents_notification") == [("waiting", 0)]
        assert slack.roots == []

        # Between sending and noting it: Slack has the message, the row only a lease.
        deliverer = site.start("deliver")
        slack.after_posting = deliverer.kill
        deliverer.communicate(timeout=60)
        assert deliverer.returncode == -signal.SIGKILL
        assert len(slack.roots) == 1
        assert site.ask("SELECT status, tries FROM incidents_notification") == [("sending", 1)]
        assert site.ask("SELECT status FROM incidents_incident") == [("open",)]

        # While the lease holds, nobody sends; once it has run out, once more, and then never again.
        said = site.run("shell", "-v0", "-c", DELIVER_THRICE)[1]
        assert said.split("\n")[-4:-1] == ["0 sent, 1 waiting", "1 sent, 0 waiting", "0 sent, 0 waiting"]
        assert len(slack.roots) == 2
        assert site.ask("SELECT status, lost_leases FROM incidents_notification") == [("sent", 1)]
        assert site.ask("SELECT status FROM incidents_incident") == [("alerted",)]
