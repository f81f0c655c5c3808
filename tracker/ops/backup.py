"""A whole copy of the database, made while the site is in use, by the database's own means."""

import os
import re
import sqlite3
import subprocess
from contextlib import closing
from datetime import datetime
from pathlib import Path

from django.db import connection


class BackupFailed(Exception):
    """No copy was made; the message says why and what to do."""


PREFIX = "cost-monitor-"
DATED = re.compile(PREFIX + r"\d{4}-\d{2}-\d{2}-\d{6}\.(dump|sqlite3)")


def dated_name(now: datetime) -> str:
    """`cost-monitor-2026-11-28-030500.sqlite3`, or `.dump` for PostgreSQL; names sort by age."""
    return f"{PREFIX}{now:%Y-%m-%d-%H%M%S}.{'dump' if connection.vendor == 'postgresql' else 'sqlite3'}"


def delete_oldest(directory: Path, keep: int) -> list[Path]:
    """Delete all but the newest `keep` backups with dated names in `directory`; no other file is touched."""
    dated = [file for file in directory.iterdir() if DATED.fullmatch(file.name)]
    old = sorted(dated, reverse=True)[keep:]
    for file in old:
        file.unlink(missing_ok=True)
    return old


def back_up(target: Path) -> int:
    """Copy the database to `target`, which only this user may read, and return its size in bytes.

    SQLite becomes a database file, PostgreSQL a `pg_dump` in the custom format. BackupFailed if the file is
    there already or cannot be written; nothing is left half-written.
    """
    try:
        target.touch(mode=0o600, exist_ok=False)
    except FileExistsError:
        raise BackupFailed(f"{target} already exists: choose another file name, or move the file") from None
    except OSError as error:
        raise BackupFailed(f"{target} cannot be written: {error.strerror}") from error
    try:
        (_dump if connection.vendor == "postgresql" else _copy)(target)
    except BaseException:
        target.unlink(missing_ok=True)
        raise
    return target.stat().st_size


def _copy(target: Path) -> None:
    connection.ensure_connection()
    with closing(sqlite3.connect(target)) as copy:
        connection.connection.backup(copy)


def _dump(target: Path) -> None:
    command = ["pg_dump", "--format=custom", "--no-owner", "--no-password", f"--file={target}"]
    try:
        done = subprocess.run(command, env=_environment(), capture_output=True, text=True)  # noqa: S603
    except FileNotFoundError:
        raise BackupFailed("pg_dump is not installed: install PostgreSQL's client programs") from None
    if done.returncode:
        raise BackupFailed(f"pg_dump: {done.stderr.strip()}")


def _environment() -> dict[str, str]:
    """How libpq reaches the configured database: nothing secret among the command's arguments."""
    database = connection.settings_dict
    names = {
        "PGHOST": "HOST",
        "PGPORT": "PORT",
        "PGUSER": "USER",
        "PGPASSWORD": "PASSWORD",
        "PGDATABASE": "NAME",
    }
    variables = {variable: str(database[name]) for variable, name in names.items() if database.get(name)}
    mode = database.get("OPTIONS", {}).get("sslmode")
    return {**os.environ, **variables, **({"PGSSLMODE": str(mode)} if mode else {})}
