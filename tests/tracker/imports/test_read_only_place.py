"""A tracker's database where nothing may be written beside it, as on a volume mounted read-only."""

import os
import sqlite3
from datetime import UTC, datetime

import pytest

from collector.models import UsageEvent
from tests.tracker.imports.old_tracker import ROWS, make_file
from tracker.imports.database import TrackerDb
from tracker.imports.tracker_db import import_tracker_db

pytestmark = pytest.mark.django_db
AT = datetime(2026, 3, 20, tzinfo=UTC)


@pytest.fixture
def path(tmp_path, monkeypatch):
    path = make_file(tmp_path / "tracker.db", ROWS)
    with sqlite3.connect(path) as connection:
        connection.execute("PRAGMA journal_mode = WAL")
    connection.close()
    monkeypatch.setattr(os, "access", lambda place, mode: False)
    return path


def test_a_database_in_wal_mode_is_read_without_writing_beside_it(path):
    import_tracker_db(path, AT)
    assert UsageEvent.objects.count() == 2
    db = TrackerDb(path)
    assert db.count("members")
    assert os.listdir(path.parent) == ["tracker.db"]
    db.close()


def test_what_a_database_has_not_brought_in_yet_is_not_passed_over(path):
    connection = sqlite3.connect(path)
    connection.execute("DELETE FROM usage_events")
    connection.commit()
    import_tracker_db(path, AT)
    assert UsageEvent.objects.count() == 0
    connection.close()
