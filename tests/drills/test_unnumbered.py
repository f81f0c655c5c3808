"""A database of the last version without a number migrates, keeps what it holds, and every page answers."""

import gzip
import json
import os
import sqlite3
import subprocess
import sys
from decimal import Decimal
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
DUMP = Path(__file__).parent / "data" / "unnumbered.sql.gz"
EVENTS_CENTS = "SELECT COUNT(*), SUM(charged_cents) FROM collector_usageevent"
HOURLY_CENTS = "SELECT SUM(total_cents) FROM collector_membermodelhour"
ROLLUP_CENTS = "SELECT SUM(total_cents) FROM collector_membersurfaceday"
# Asked in a process of its own, with the product's own settings rather than those of the tests.
VISIT = """
import json, django
django.setup()
from django.contrib.auth.models import User
from django.test import Client
from collector.models import Member
from detection.models import DetectionSettings
from incidents.models import Incident
client = Client(SERVER_NAME="127.0.0.1")
member = Member.objects.exclude(email="").order_by("pk").first()
incident = Incident.objects.get()
pages = "/ /?period=cycle /insights /incidents /chargeback /settings /healthz/ready".split()
pages += ["/api/stats", f"/users/{member.email}", f"/incidents/{incident.pk}", "/api/groups", "/api/settings"]
seen = {page: client.get(page).status_code for page in pages}
client.force_login(User.objects.get(username="ada"))
admin = "/admin/ /admin/detection/detectionsettings/ /admin/incidents/channel/ /admin/groups/group/".split()
seen |= {page: client.get(page, follow=True).status_code for page in admin}
print(json.dumps({"pages": seen, "floor": str(DetectionSettings.get_solo().floor_dollars)}))
"""


@pytest.fixture
def database(tmp_path: Path) -> Path:
    path = tmp_path / "old.sqlite3"
    connection = sqlite3.connect(path)
    connection.executescript(gzip.decompress(DUMP.read_bytes()).decode())
    connection.close()
    return path


def run_python(database: Path, *command: str) -> str:
    environment = os.environ | {
        "DATABASE_URL": f"sqlite:///{database}",
        "DJANGO_SETTINGS_MODULE": "config.settings",
        "VAR_DIR": str(database.parent),
    }
    result = subprocess.run(
        [sys.executable, *command], cwd=ROOT, env=environment, capture_output=True, text=True
    )
    assert result.returncode == 0, result.stderr
    return result.stdout


def read_row(database: Path, question: str) -> tuple:
    connection = sqlite3.connect(database)
    try:
        return tuple(connection.execute(question).fetchone())
    finally:
        connection.close()


def test_a_database_of_the_last_unnumbered_version_migrates_and_every_page_answers(database):
    before = read_row(database, EVENTS_CENTS)
    run_python(database, "manage.py", "migrate", "--no-input", "--verbosity", "0")
    assert "[ ]" not in run_python(database, "manage.py", "showmigrations")
    visited = json.loads(run_python(database, "-c", VISIT))
    assert set(visited["pages"].values()) == {200}, visited["pages"]
    assert Decimal(visited["floor"]) == 60
    assert read_row(database, EVENTS_CENTS) == before
    assert read_row(database, ROLLUP_CENTS)[0] == pytest.approx(before[1])
    assert read_row(database, HOURLY_CENTS)[0] == pytest.approx(before[1])
