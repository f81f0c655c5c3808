"""`manage.py record`: the answers of one collection, without what names anybody, for a bug report."""

import os
import subprocess
import sys
import tempfile
from pathlib import Path

from django.conf import settings
from django.core.management import call_command
from django.core.management.base import CommandError, CommandParser
from django.utils import timezone

from collector.base.commands import ProductCommand
from collector.cursor.client import CursorClient
from collector.cursor.errors import CursorApiError
from collector.models import Source
from collector.recording.contract import Writer, read_contract
from collector.recording.masks import Masks
from collector.recording.recorder import REPORT, Recorder


class Command(ProductCommand):
    help = (
        "Read Cursor's API once, as an empty installation does, and write the answers to DIR with pseudonyms "
        "for people, ids, groups, repositories, conversations and free text. Nothing is stored here."
    )
    expected_errors = (CursorApiError, OSError)

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("directory", type=Path, metavar="DIR", help="a directory that is new or empty")
        parser.add_argument("--sources", nargs="+", choices=Source.values, help="only these; default: all")
        # A process of its own with an empty database, which this command starts.
        parser.add_argument("--into-this-database", action="store_true", help="for the command's own use")

    def handle(
        self, *, directory: Path, sources: list[str] | None, into_this_database: bool, **options: object
    ) -> None:
        directory = directory.absolute()
        if directory.exists() and any(directory.iterdir()):
            raise CommandError(f"{directory} is not empty: choose a new directory.")
        if into_this_database:
            call_command("migrate", verbosity=0)
            self._record(directory, sources)
            return
        with tempfile.TemporaryDirectory() as scratch:
            self._in_an_empty_database(Path(scratch), directory, sources)

    def _in_an_empty_database(self, scratch: Path, directory: Path, sources: list[str] | None) -> None:
        """Everything that a collection asks depends on what is known: here nothing is."""
        environment = {
            **os.environ,
            "DATABASE_URL": f"sqlite:///{scratch / 'empty.sqlite3'}",
            "DJANGO_SETTINGS_MODULE": "config.settings",
            "VAR_DIR": str(scratch),
            "RECORD_SECRET": settings.SECRET_KEY,
            "CURSOR_API_URL": settings.CURSOR_API_URL,
            "CURSOR_ADMIN_API_KEY": settings.CURSOR_ADMIN_API_KEY,
            "CURSOR_ANALYTICS_API_KEY": settings.CURSOR_ANALYTICS_API_KEY,
        }
        command = [sys.executable, str(settings.BASE_DIR / "manage.py"), "record", str(directory)]
        command += ["--into-this-database", *(["--sources", *sources] if sources else [])]
        done = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)  # noqa: S603
        self.stdout.write(done.stdout, ending="")
        if done.returncode:
            raise CommandError(done.stderr.strip().removeprefix("CommandError: "))

    def _record(self, directory: Path, sources: list[str] | None) -> None:
        secret = os.environ.get("RECORD_SECRET") or settings.SECRET_KEY
        contract = read_contract(settings.BASE_DIR / "docs" / "api-contract.md")
        recorder = Recorder(directory, Writer(contract, Masks(secret)))
        report = recorder.record(CursorClient.from_settings(), timezone.now(), sources)
        for run in report.runs:
            self.stdout.write(f"{run.source:<17} {run.status:<11} {run.rows_seen:>7} rows")
        differences = recorder.differences
        self.stdout.write(
            f"{recorder.written} answers in {directory}, {len(differences)} differences: {REPORT}"
        )
