import argparse
from collections import defaultdict
from datetime import timedelta

from django.core.management.base import CommandError, CommandParser
from django.utils import timezone

from collector.base.bars import Bars
from collector.base.commands import ProductCommand
from collector.base.leases import AlreadyRunning
from collector.base.plausibility import is_number
from collector.collecting.backfill import backfill
from collector.collecting.runs import Watcher
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
            with Bars() as bars:
                watcher = _watcher(bars, client, days)
                report = backfill(timezone.now(), days=days, client=client, progress=watcher)
        except AlreadyRunning as other:
            self.stdout.write(str(other))
            return
        for run in report.runs:
            self.stdout.write(line(run))
        for source, since in report.complete_from.items():
            self.stdout.write(f"{source} is complete since {since:%Y-%m-%d %H:%M} UTC")
        if report.failed:
            raise CommandError(f"failed: {', '.join(sorted({run.source for run in report.failed}))}")


def _watcher(bars: Bars, client: CursorClient, days: int | None) -> Watcher:
    """Shows a bar for each source; how much there is is known only where a number of days was asked for."""
    parts: dict[str, list[tuple[Window, SyncResult]]] = defaultdict(list)

    def note(source: str, part: Window, result: SyncResult) -> None:
        parts[source].append((part, result))
        done = sum(window.length / DAY for window, _ in parts[source])
        rows = sum(stored.seen for _, stored in parts[source])
        words = f"{len(parts[source])} windows  {rows:,} rows  {client.requests_made:,} requests"
        bars.show(Source(source).label, done, days, words)

    return note


def _number_of_days(text: str) -> int:
    if not is_number(text) or not 1 <= int(text) <= timedelta(days=3650).days:
        raise argparse.ArgumentTypeError(f"{text!r} is not a number of days from 1 to 3650")
    return int(text)
