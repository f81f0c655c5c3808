from collections import defaultdict

from django.core.management.base import CommandError, CommandParser
from django.utils import timezone

from collector.base.arguments import whole_number
from collector.base.bars import Bars
from collector.base.commands import ProductCommand
from collector.base.leases import AlreadyRunning
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
            "--days",
            type=whole_number(1, 3650),
            help="how many days back from now (default: all that Cursor has)",
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
        if report.problems:
            raise CommandError("; ".join(report.problems))


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
