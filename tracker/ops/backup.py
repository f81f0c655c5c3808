"""A whole copy of the database, made while the site is in use, by the database's own means."""

import os
import re
import sqlite3
import subprocess
from contextlib import closing
from datetime import datetime
from glob import escape
from pathlib import Path

from django.db import connection


class BackupFailed(Exception):
    """No copy was made; the message says why and what to do."""


PREFIX = "cost-monitor-"
PART = ".part"  # ends the name of a copy that is being made
DATED = re.compile(PREFIX + r"\d{4}-\d{2}-\d{2}-\d{6}\.(dump|sqlite3)")
DATED_PART = re.compile(DATED.pattern + re.escape(PART))


def dated_name(now: datetime) -> str:
    """`cost-monitor-2026-11-28-030500.sqlite3`, or `.dump` for PostgreSQL; names sort by age."""
    return f"{PREFIX}{now:%Y-%m-%d-%H%M%S}.{'dump' if connection.vendor == 'postgresql' else 'sqlite3'}"


def delete_oldest(directory: Path, keep: int) -> list[Path]:
    """Delete all but the newest `keep` backups with dated names in `directory`, and what was left half-way
    before the newest; no other file is touched."""
    files = sorted(directory.iterdir(), reverse=True)
    dated = [file for file in files if DATED.fullmatch(file.name)]
    parts = [file for file in files if DATED_PART.match(file.name) and dated and file < dated[0]]
    old = [*dated[keep:], *parts]
    for file in old:
        file.unlink(missing_ok=True)
    return old


def back_up(target: Path) -> int:
    """Copy the database to `target`, which only this user may read, and return its size in bytes.

    SQLite becomes a database file, PostgreSQL a `pg_dump` in the custom format. BackupFailed if the file is
    there already or cannot be written; nothing is left half-written.
    """
    if target.exists():
        raise BackupFailed(f"{target} already exists: choose another file name, or move the file")
    part = target.with_name(f"{target.name}{PART}")  # killed half-way, it is not taken for a backup
    try:
        for left in target.parent.glob(f"{escape(part.name)}*"):  # SQLite's journal, too
            left.unlink()
        part.touch(mode=0o600, exist_ok=False)
    except OSError as error:
        raise BackupFailed(f"{target} cannot be written: {error.strerror}") from error
    try:
        connection.ensure_connection()  # whose error says what to do
        (_dump if connection.vendor == "postgresql" else _copy)(part)
        part.rename(target)
    except BaseException:
        part.unlink(missing_ok=True)
        raise
    return target.stat().st_size


def _copy(target: Path) -> None:
    with closing(sqlite3.connect(target)) as copy:
        connection.connection.backup(copy)


def _dump(target: Path) -> None:
    """Nothing secret stands among the command's arguments: Django hands it over in the environment."""
    options = ["--format=custom", "--no-owner", "--no-password", f"--file={target}"]
    (_, *arguments), own = connection.client.settings_to_cmd_args_env(connection.settings_dict, options)
    command, environment = ["pg_dump", *arguments], os.environ | (own or {})
    try:
        done = subprocess.run(command, env=environment, capture_output=True, text=True)  # noqa: S603
    except FileNotFoundError:
        raise BackupFailed("pg_dump is not installed: install PostgreSQL's client programs") from None
    if done.returncode:
        raise BackupFailed(f"pg_dump: {done.stderr.strip()}")
