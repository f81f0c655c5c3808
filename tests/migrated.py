"""Migrated databases to be copied: to migrate takes ten seconds, so one test process does it for all."""

import fcntl
import hashlib
import os
import shutil
import sqlite3
import subprocess
import sys
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import psycopg
import pytest
from django.conf import settings

KEPT = Path(settings.BASE_DIR) / ".pytest_cache" / "migrated"
PACKAGES = "config", "collector", "detection", "groups", "incidents", "tracker"
RESTS_ON = (
    *(
        f"{package}/**/{name}"
        for package in PACKAGES
        for name in ("migrations/*.py", "models.py", "models/*.py")
    ),
    *("*/apps.py", "config/settings.py", "incidents/channels/registry.py", "requirements-dev.lock"),
)
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
    """A copy of what an earlier run migrated, if nothing that a migration rests on has changed since."""
    kept = KEPT / f"{schema_digest()}.sqlite3"
    if kept.exists():
        shutil.copy(kept, path)
        return
    grown = path.with_suffix(".grown")
    migrate(f"sqlite:///{grown}")
    with closing(sqlite3.connect(grown)) as database:
        database.execute("VACUUM INTO ?", [str(path)])  # without the room that migrations gave back
    for former in KEPT.glob("*.sqlite3"):
        former.unlink(missing_ok=True)
    KEPT.mkdir(parents=True, exist_ok=True)
    Path(shutil.copy(path, KEPT / str(os.getpid()))).rename(kept)  # whole, or not there


def schema_digest() -> str:
    """Changes with migrations, models, what runs after migrating, settings, and installed packages."""
    digest = hashlib.sha256(sys.version.encode())
    for file in sorted(path for pattern in RESTS_ON for path in settings.BASE_DIR.glob(pattern)):
        digest.update(f"{file.relative_to(settings.BASE_DIR)}\n".encode() + file.read_bytes())
    return digest.hexdigest()[:32]


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
