"""The lines of `docs/operations.md`, run as they stand there."""

import os
import re
import shutil
import sqlite3
import subprocess
import sys
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path

import pytest
import time_machine
from django.conf import settings
from django.core.management import CommandError, call_command
from django.db import connection

from collector.models import Member
from tracker.models import SetUp
from tracker.ops import backup
from tracker.ops.backup import BackupFailed, back_up

NOW = datetime(2026, 3, 2, 12, 0, tzinfo=UTC)
PYTHON = ".venv/bin/python"
PLAIN = {"DJANGO_SETTINGS_MODULE": "config.settings"}  # not those of the tests


def documented(heading: str) -> str:
    """The indented lines under `heading`, as one shell script."""
    text = (settings.BASE_DIR / "docs" / "operations.md").read_text("utf-8")
    section = re.split(r"^## ", text.split(f"## {heading}\n")[1], flags=re.MULTILINE)[0]
    return "\n".join(re.findall(r"^    (.*)", section, re.MULTILINE))


def run(heading: str, folder: Path, cwd: Path = settings.BASE_DIR, **environment: str) -> None:
    script = documented(heading).replace(PYTHON, sys.executable).replace("/srv/backups", str(folder))
    assert script
    script = script.replace(" var/", f" {folder}/var/")
    subprocess.run(["bash", "-ec", script], cwd=cwd, env=os.environ | PLAIN | environment, check=True)


def test_what_was_backed_up_on_sqlite_while_in_use_comes_back(tmp_path):
    (tmp_path / "var").mkdir()
    with closing(sqlite3.connect(tmp_path / "var" / "db.sqlite3", isolation_level=None)) as site:
        site.execute("PRAGMA journal_mode=WAL")
        site.execute("CREATE TABLE member (name TEXT)")
        site.execute("INSERT INTO member VALUES ('Ann')")
        run("Back up SQLite", tmp_path, VAR_DIR=str(tmp_path / "var"), DATABASE_URL="")
        site.execute("UPDATE member SET name = 'Bob'")
    (copy,) = (path for path in tmp_path.iterdir() if path.is_file())
    assert copy.stat().st_mode & 0o777 == 0o600  # nobody else reads who spent what

    run("Restore SQLite", tmp_path)

    with closing(sqlite3.connect(tmp_path / "var" / "db.sqlite3")) as site:
        assert site.execute("SELECT name FROM member").fetchall() == [("Ann",)]


def test_no_file_is_overwritten_nor_written_where_it_cannot_be(tmp_path):
    target = tmp_path / "costs.sqlite3"
    target.touch()
    with pytest.raises(BackupFailed, match="already exists"):
        back_up(target)
    with pytest.raises(CommandError, match="cannot be written"):
        call_command("backup", str(tmp_path / "nowhere" / "costs.sqlite3"))


def test_a_restore_goes_into_the_database_that_only_the_file_names(tmp_path, monkeypatch):
    shutil.copytree(settings.BASE_DIR / "config", tmp_path / "config")
    shutil.copy(settings.BASE_DIR / "CHANGELOG.md", tmp_path)
    (tmp_path / ".env").write_text(
        "DATABASE_URL='postgres://ann@db/costs?sslmode=require'\nAUTH_ADMIN_EMAILS=a@a.com, b@a.com"
    )
    for name, script in {"pg_restore": "touch costs.sql", "psql": 'echo "$@" > asked'}.items():
        (tmp_path / name).write_text(f"#!/bin/sh\n{script}\n")
        (tmp_path / name).chmod(0o700)
    monkeypatch.delenv("DATABASE_URL", raising=False)
    run("Restore PostgreSQL", tmp_path, cwd=tmp_path, PATH=f"{tmp_path}:{os.environ['PATH']}")
    assert "--dbname=postgres://ann@db/costs?sslmode=require " in (tmp_path / "asked").read_text()


@pytest.mark.postgres
@pytest.mark.django_db(transaction=True)
def test_what_was_backed_up_on_postgresql_comes_back(tmp_path, shared_database_url):
    seen = {"first_seen_at": NOW, "last_seen_at": NOW}
    Member.objects.create(email="ann@example.com", name="Ann", **seen)
    run("Back up PostgreSQL", tmp_path, DATABASE_URL=shared_database_url)
    Member.objects.update(name="Bob")
    Member.objects.create(email="eve@example.com", name="Eve", **seen)
    with connection.cursor() as cursor:  # of a version that is given up again
        cursor.execute("CREATE TABLE later (member_id bigint REFERENCES collector_member)")
    connection.close()  # restoring wants the tables for itself

    run("Restore PostgreSQL", tmp_path, DATABASE_URL=shared_database_url)

    assert list(Member.objects.values_list("email", "name")) == [("ann@example.com", "Ann")]
    assert "later" not in connection.introspection.table_names()


@pytest.mark.django_db(transaction=True)
@pytest.mark.skipif(connection.vendor == "postgresql", reason="pg_dump is tried above")
def test_dated_copies_are_kept_up_to_a_number_and_no_other_file_is_touched(tmp_path, capsys):
    others = {"notes.txt", "cost-monitor-before-upgrade-2.sqlite3", "cost-monitor-2026-notes.txt"}
    for name in others:
        (tmp_path / name).touch()
    for day in range(1, 5):
        with time_machine.travel(datetime(2026, 3, day, 3, 5, tzinfo=UTC), tick=False):
            call_command("backup", str(tmp_path), keep=2)
    assert {path.name for path in tmp_path.iterdir()} == {
        "cost-monitor-2026-03-03-030500.sqlite3",
        "cost-monitor-2026-03-04-030500.sqlite3",
        *others,
    }
    assert "deleted" in capsys.readouterr().out
    assert SetUp.get_solo().backed_up_at == datetime(2026, 3, 4, 3, 5, tzinfo=UTC)


KILLED = """
import os, django; django.setup()
from pathlib import Path
from tracker.ops import backup
def write_half(file):
    file.write_bytes(b"half")
    os.kill(os.getpid(), 9)
backup._copy = backup._dump = write_half
backup.back_up(Path(os.environ["TARGET"]) / "cost-monitor-2026-03-02-030500.sqlite3")
"""


@pytest.mark.django_db(transaction=True)
def test_a_copy_that_was_killed_half_way_is_no_backup_and_goes_with_the_next(tmp_path):
    """It counted as the newest, so that keeping two left one that can be restored, and then none."""
    environment = os.environ | PLAIN | {"TARGET": str(tmp_path), "VAR_DIR": str(tmp_path / "var")}
    assert subprocess.run([sys.executable, "-c", KILLED], env=environment).returncode == -9
    left = {path.name for path in tmp_path.iterdir() if path.is_file()}
    assert left == {"cost-monitor-2026-03-02-030500.sqlite3.part"}
    assert backup.delete_oldest(tmp_path, 1) == []  # it may still be written
    back_up(tmp_path / "cost-monitor-2026-03-03-030500.sqlite3")
    backup.delete_oldest(tmp_path, 1)
    left = {path.name for path in tmp_path.iterdir() if path.is_file()}
    assert left == {"cost-monitor-2026-03-03-030500.sqlite3"}


@pytest.mark.django_db
def test_keeping_a_number_of_copies_needs_a_directory(tmp_path):
    with pytest.raises(CommandError, match="--keep needs a directory"):
        call_command("backup", str(tmp_path / "costs.sqlite3"), keep=2)


@pytest.mark.django_db(transaction=True)
def test_the_first_copy_that_is_kept_by_number_makes_its_directory(tmp_path, monkeypatch):
    monkeypatch.setattr("tracker.management.commands.backup.back_up", lambda file: file.write_bytes(b"copy"))
    call_command("backup", str(tmp_path / "new" / "copies"), keep=2)
    (copy,) = (tmp_path / "new" / "copies").iterdir()
    assert (tmp_path / "new" / "copies").stat().st_mode & 0o777 == 0o700
    assert copy.read_bytes() == b"copy"
