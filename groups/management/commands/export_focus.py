import argparse
import csv
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from collector.base.arguments import day
from groups.reporting import focus


class Command(BaseCommand):
    help = "Write spend as FOCUS 1.2 (CSV): a row per member, model and day, the group as sub-account."

    def add_arguments(self, parser: argparse.ArgumentParser) -> None:
        parser.add_argument("--from", dest="first", type=day, required=True, metavar="DAY")
        parser.add_argument("--to", dest="last", type=day, required=True, metavar="DAY", help="included")
        parser.add_argument("file", nargs="?", type=Path, help="where to; standard output by default")

    def handle(self, *args: Any, **options: Any) -> None:
        if options["last"] < options["first"]:
            raise CommandError("--to is before --from.")
        if options["file"] is None:
            self._write(self.stdout, options)
            return
        try:
            with options["file"].open("w", encoding="utf-8", newline="") as file:
                written = self._write(file, options)
        except OSError as exc:
            raise CommandError(str(exc)) from exc
        self.stdout.write(f"{written} rows written to {options['file']}")

    def _write(self, file: Any, options: dict[str, Any]) -> int:
        written = 0
        writer = csv.DictWriter(file, focus.COLUMNS)
        writer.writeheader()
        for row in focus.rows(options["first"], options["last"]):
            writer.writerow(row)
            written += 1
        return written
