"""What the command line says about a database that is not as it should be: one line with the command."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest
from django.conf import settings
from django.db import OperationalError

import manage


def run(database: Path, *command: str) -> str:
    return run_on(f"sqlite:///{database}", database.parent, *command)


def run_on(database_url: str, var_dir: Path, *command: str) -> str:
    """What a command that fails says."""
    environment = {
        **os.environ,
        "DATABASE_URL": database_url,
        "VAR_DIR": str(var_dir),
        "DJANGO_SETTINGS_MODULE": "config.settings",
    }
    done = subprocess.run(
        [sys.executable, "manage.py", *command],
        cwd=settings.BASE_DIR,
        env=environment,
        capture_output=True,
        text=True,
    )
    assert done.returncode == 1
    assert "Traceback" not in done.stderr
    return done.stderr


def test_a_database_without_tables_names_migrate(tmp_path):
    assert "python manage.py migrate" in run(tmp_path / "new.sqlite3", "detect")


def test_a_file_that_is_no_database_says_so(tmp_path):
    (tmp_path / "notes.txt").write_text("These are notes, long enough to be taken for a header.\n" * 40)
    assert "is not a SQLite database" in run(tmp_path / "notes.txt", "detect")


@pytest.mark.parametrize("text", ['FATAL:  database "costs" does not exist'])
def test_a_missing_postgresql_database_names_createdb(text):
    assert manage.is_explained(OperationalError(text))
    assert manage.database_remedy(text, "costs").startswith("Create it: createdb costs")


def test_a_backup_of_a_database_that_does_not_answer_says_what_to_do(tmp_path):
    said = run_on("postgres://127.0.0.1:1/costs", tmp_path, "backup", str(tmp_path / "costs.dump"))
    assert "Check DATABASE_URL and that the database is running." in said
    assert list(tmp_path.glob("costs*")) == []
