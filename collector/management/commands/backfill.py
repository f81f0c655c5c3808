from __future__ import annotations

import argparse
from datetime import timedelta

from django.core.management.base import CommandError, CommandParser
from django.utils import timezone
from rich.console import Console
from rich.progress import BarColumn, Progress, TaskID, TextColumn, TimeRemainingColumn

from collector.base.commands import ProductCommand
from collector.base.leases import AlreadyRunning
from collector.base.plausibility import is_number
from collector.collecting.backfill import backfill
from collector.collecting.windows import DAY, Window
from collector.cursor.client import CursorClient
from collector.cursor.errors import CursorApiError
from collector.models import Source
from collector.sources.base import SyncResult

from .collect import line


class Command(ProductCommand):
    help = (
        "Read history from Cursor, newest first, until there is no more. If killed, it continues where "
        "it stopped."
    )
    expected_errors = (CursorApiError,)

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument(
            "--days", type=_number_of_days, help="how many days back from now (default: all that Cursor has)"
        )

    def handle(self, *, days: int | None, **options: object) -> None:
        try:
            client = CursorClient.from_settings()
            with Bars(client, days) as bars:
                report = backfill(timezone.now(), days=days, client=client, progress=bars.note)
        except AlreadyRunning as other:
            self.stdout.write(str(other))
            return
        for run in report.runs:
            self.stdout.write(line(run))
        for source, since in report.complete_from.items():
            self.stdout.write(f"{source} is complete since {since:%Y-%m-%d %H:%M} UTC")
        if report.failed:
            raise CommandError(f"failed: {', '.join(sorted({run.source for run in report.failed}))}")


class Bars:
    """A bar per source on a terminal: parts, rows, requests, time left; nothing where nobody watches."""

    def __init__(self, client: CursorClient, days: int | None) -> None:
        self.client, self.days = client, days
        self.tasks: dict[str, TaskID] = {}
        self.totals: dict[str, SyncResult] = {}
        self.parts: dict[str, int] = {}
        console = Console(stderr=True)
        self.progress = Progress(
            TextColumn("{task.description:<19}"),
            BarColumn(bar_width=12),
            TextColumn("{task.fields[said]}"),
            TimeRemainingColumn(compact=True),
            console=console,
            disable=not console.is_terminal,
        )

    def __enter__(self) -> Bars:
        self.progress.start()
        return self

    def __exit__(self, *error: object) -> None:
        self.progress.stop()

    def note(self, source: str, part: Window, result: SyncResult) -> None:
        """One more part of `source` is in the database."""
        task = self.tasks.get(source)
        if task is None:
            # How much there is is known only where a number of days was asked for.
            task = self.progress.add_task(Source(source).label, total=self.days, said="")
            self.tasks[source] = task
        self.totals[source] = self.totals.get(source, SyncResult()) + result
        self.parts[source] = self.parts.get(source, 0) + 1
        self.progress.update(
            task,
            advance=part.length / DAY,
            said=f"{self.parts[source]} windows  {self.totals[source].seen:,} rows  "
            f"{self.client.requests_made:,} requests",
        )


def _number_of_days(text: str) -> int:
    if not is_number(text) or not 1 <= int(text) <= timedelta(days=3650).days:
        raise argparse.ArgumentTypeError(f"{text!r} is not a number of days from 1 to 3650")
    return int(text)
