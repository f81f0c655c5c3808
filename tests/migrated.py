"""Migrated databases to be copied: to migrate takes ten seconds, so one test process does it for all."""

import fcntl
import os
import sqlite3
import subprocess
import sys
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import psycopg
import pytest
from django.conf import settings

# Read before a test database takes the name's place.
POSTGRES_TEMPLATE = f"template_{settings.DATABASES['default']['NAME']}"


def make_once(name: str, tmp_path_factory: pytest.TempPathFactory, make: Callable[[Path], None]) -> Path:
    """The path that `make` fills for the first test process that asks, while the others wait for it."""
    base = tmp_path_factory.getbasetemp()
    path = (base.parent if "PYTEST_XDIST_WORKER" in os.environ else base) / name
    with path.with_name(f"{name}.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not path.exists():
            make(path)
    return path


def migrate(database_url: str) -> None:
    own = {"DJANGO_SETTINGS_MODULE": "config.settings", "DATABASE_URL": database_url}
    command = [sys.executable, "manage.py", "migrate", "--verbosity=0", "--skip-checks"]
    subprocess.run(command, check=True, cwd=settings.BASE_DIR, env=os.environ | own)


def make_sqlite(path: Path) -> None:
    """Without the room that migrations took and gave back."""
    grown = path.with_suffix(".grown")
    migrate(f"sqlite:///{grown}")
    with closing(sqlite3.connect(grown)) as database:
        database.execute("VACUUM INTO ?", [str(path)])


def make_postgres(path: Path) -> None:
    """`path` only says that the template is there."""
    drop_postgres()
    run_on_server(f'CREATE DATABASE "{POSTGRES_TEMPLATE}"')
    migrate(f"{server()}/{POSTGRES_TEMPLATE}")
    path.touch()


def drop_postgres() -> None:
    run_on_server(f'DROP DATABASE IF EXISTS "{POSTGRES_TEMPLATE}"')


def run_on_server(statement: str) -> None:
    with psycopg.connect(f"{server()}/postgres", autocommit=True) as database:
        database.execute(statement)


def server() -> str:
    """DATABASE_URL up to the database's name."""
    return os.environ["DATABASE_URL"].rpartition("/")[0]
