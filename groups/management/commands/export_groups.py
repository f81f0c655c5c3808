import argparse
from pathlib import Path

from django.utils import timezone

from collector.base.commands import ProductCommand
from collector.base.days import utc_day
from groups.imports import mapping


class Command(ProductCommand):
    help = "Write which member is in which group today as a CSV: email, name, group."
    expected_errors = (OSError,)

    def add_arguments(self, parser: argparse.ArgumentParser) -> None:
        parser.add_argument("file", nargs="?", type=Path, help="file to write; default: standard output")

    def handle(self, *, file: Path | None, **options: object) -> None:
        today = utc_day(timezone.now())
        if file is None:
            mapping.write_mapping(self.stdout, today)
            return
        with file.open("w", encoding="utf-8", newline="") as opened:
            written = mapping.write_mapping(opened, today)
        self.stdout.write(f"{written} members written to {file}")
