"""A copy of the configured database in one file."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from tracker.ops.backup import BackupFailed, back_up


class Command(BaseCommand):
    help = (
        "Copy the whole database to FILE while the site is in use: SQLite as a file, PostgreSQL by pg_dump."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("file", type=Path, metavar="FILE")

    def handle(self, *, file: Path, **options: Any) -> None:
        try:
            size = back_up(file)
        except BackupFailed as failed:
            raise CommandError(str(failed)) from failed
        self.stdout.write(f"{file}: {size / 1e6:,.1f} MB")
