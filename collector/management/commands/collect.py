import json
from datetime import datetime

from django.core.management.base import CommandError, CommandParser
from django.utils import timezone

from collector.base.arguments import instant
from collector.base.commands import ProductCommand
from collector.base.leases import AlreadyRunning
from collector.collecting.runs import collect
from collector.cursor.errors import CursorApiError
from collector.models import Source, SourceRun


class Command(ProductCommand):
    help = "Read once what may have changed in Cursor since the last time; the first time, the last 30 days."
    expected_errors = (CursorApiError,)

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--json", action="store_true", help="print the report as JSON")
        parser.add_argument(
            "--source", action="append", choices=Source.values, help="only this one (may be repeated)"
        )

        parser.add_argument(
            "--as-of",
            type=instant,
            metavar="INSTANT",
            help="read as if it were then; for the replay of a recording: 2026-03-02T14:00Z",
        )

    def handle(self, *, source: list[str] | None, as_of: datetime | None, **options: object) -> None:
        try:
            report = collect(as_of or timezone.now(), sources=source)
        except AlreadyRunning as other:
            self.stdout.write(str(other))
            return
        if options["json"]:
            self.stdout.write(json.dumps(report.as_json(), indent=2))
        else:
            for run in report.runs:
                self.stdout.write(line(run))
        if report.problems:
            raise CommandError("; ".join(report.problems))


def line(run: SourceRun) -> str:
    """One source in one line: status, window, rows, requests, seconds, and what went wrong."""
    start, end = run.window_start_at, run.window_end_at
    window = f"{start:%Y-%m-%d %H:%M} to {end:%Y-%m-%d %H:%M}" if start and end and start < end else "now"
    text = (
        f"{run.source:<17} {run.status:<11} {window:<36} seen {run.rows_seen:>7}  new {run.rows_new:>7}  "
        f"changed {run.rows_changed:>6}  requests {run.requests:>4}  {run.seconds:>6.1f} s"
    )
    return f"{text}  {run.error}" if run.error else text
