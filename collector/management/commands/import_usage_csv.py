import argparse
from datetime import datetime
from pathlib import Path

from django.utils import timezone

from collector.base.arguments import email, instant
from collector.base.bars import Bars
from collector.base.commands import ProductCommand
from collector.base.csv_files import FileError
from collector.imports.usage import import_usage


class Command(ProductCommand):
    help = "Import a usage-events CSV exported from Cursor's dashboard; lines that cannot be read are listed."
    expected_errors = (OSError, FileError)

    def add_arguments(self, parser: argparse.ArgumentParser) -> None:
        parser.add_argument("file", type=Path)
        parser.add_argument("--member", type=email, metavar="EMAIL", help="the member of rows without a user")
        parser.add_argument(
            "--cycle-start",
            type=instant,
            metavar="INSTANT",
            help="when a billing cycle began, if there is no API to ask: 2026-03-13 or 2026-03-13T15:30Z",
        )
        parser.add_argument(
            "--dry-run", action="store_true", help="show what would be imported, and change nothing"
        )

    def handle(
        self,
        *,
        file: Path,
        member: str | None,
        cycle_start: datetime | None,
        dry_run: bool,
        **options: object,
    ) -> None:
        with Bars() as bars:
            result = import_usage(
                file,
                timezone.now(),
                member=member or "",
                cycle_start_at=cycle_start,
                is_dry_run=dry_run,
                watch=bars.show_rows,
            )
        for line in result.lines:
            self.stdout.write(line)
        if member and not result.by_member:
            self.stdout.write("--member was not needed: every row has a user")
        elif member:
            self.stdout.write(f"{result.by_member:,} rows have no user: counted as {member}")
        if dry_run:
            self.stdout.write("Nothing was changed: this was a dry run.")
