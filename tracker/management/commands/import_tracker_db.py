import argparse
from pathlib import Path

from django.utils import timezone

from collector.base.bars import Bars
from collector.base.commands import ProductCommand
from collector.base.csv_files import FileError
from tracker.imports.tracker_db import import_tracker_db


class Command(ProductCommand):
    help = (
        "Import the SQLite file of cursor-usage-tracker: all of its history, once. "
        "If it is killed half-way, run it again to import the rest."
    )
    expected_errors = (OSError, FileError)

    def add_arguments(self, parser: argparse.ArgumentParser) -> None:
        parser.add_argument("file", type=Path, help="its SQLite file, data/tracker.db")
        parser.add_argument(
            "--dry-run", action="store_true", help="show what would be imported, and change nothing"
        )

    def handle(self, *, file: Path, dry_run: bool, **options: object) -> None:
        with Bars() as bars:
            parts = import_tracker_db(file, timezone.now(), is_dry_run=dry_run, watch=bars.show_rows)
        for part in parts:
            if part.read:
                self.stdout.write(part.line)
        if dry_run:
            self.stdout.write("Nothing was changed: this was a dry run.")
