"""History: windows of at most thirty days backwards, until the API has no more."""

from dataclasses import dataclass, field
from datetime import datetime, timedelta

from collector.base.changes import in_background
from collector.base.days import day_start, utc_day
from collector.base.leases import hold_lease
from collector.cursor.client import CursorClient
from collector.models import Source, SourceRun, Watermark

from . import runs
from .gaps import settle_gaps
from .runs import Collection, CollectReport, Watcher, unwatched
from .windows import DAY, Window

LEASE = "backfill"
TRIGGER = "backfill"
LONGEST_WINDOW = timedelta(days=30)
# What has a history; lists and the cycle's spend describe only the present.
SOURCES = (Source.EVENTS, Source.ACTIVITY, Source.TEAM_ANALYTICS, Source.MEMBER_ANALYTICS, Source.COMMITS)


@dataclass
class BackfillReport(CollectReport):
    """What one backfill did: its runs, and since when each source is complete now."""

    complete_from: dict[str, datetime] = field(default_factory=dict)


def backfill(
    now: datetime,
    *,
    days: int | None = None,
    client: CursorClient | None = None,
    progress: Watcher = unwatched,
) -> BackfillReport:
    """Read history back to `days` before `now`, or as far as the API has any; begin with what is current.

    Every part is noted as complete with its rows, so one that was killed goes on where it stopped. The hourly
    collection may run meanwhile: both keep to the same limits, and only one writes at a time.
    CursorApiError and AlreadyRunning as `runs.collect`.
    """
    client = client or CursorClient.from_settings()
    goal = day_start(utc_day(now - timedelta(days=days))) if days else None
    report = BackfillReport()
    with hold_lease(LEASE), in_background():
        SourceRun.objects.close_interrupted(now, trigger=TRIGGER)
        if not Watermark.objects.filter(source=Source.EVENTS).exists():
            current = runs.collect(now, client=client, progress=progress)
            report.runs += current.runs
            report.unfinished += current.unfinished
        collection = Collection(now, client, progress, TRIGGER)
        for source in SOURCES:
            _read_back(collection, source, goal)
        settle_gaps(now)
    report.runs += collection.report.runs
    report.complete_from = {
        mark.source: mark.complete_from_at for mark in Watermark.objects.all() if mark.complete_from_at
    }
    return report


def _read_back(collection: Collection, source: str, goal: datetime | None) -> None:
    """Read window after window of `source` until a month is empty, one fails, or `goal` is reached.

    Where the API refuses to look so far back, half the window may still be answered, down to a day.
    """
    longest, empty = LONGEST_WINDOW, timedelta(0)
    while window := next_window(source, goal, collection.clock(), longest):
        run = collection.run(source, window)
        if run.status == SourceRun.RunStatus.UNAVAILABLE and longest > DAY:
            longest = timedelta(days=longest.days // 2)
            continue
        empty = timedelta(0) if run.rows_seen else empty + window.length
        if not run.is_good or empty >= LONGEST_WINDOW:
            return


def next_window(
    source: str, goal: datetime | None, now: datetime, longest: timedelta = LONGEST_WINDOW
) -> Window | None:
    """The stretch before what is complete; None if nothing is complete yet or `goal` is reached."""
    oldest = Watermark.objects.filter(source=source).values_list("complete_from_at", flat=True).first()
    if oldest is None or (goal and oldest <= goal):
        return None
    start_at = oldest - longest
    return Window(max(start_at, goal) if goal else start_at, oldest, now, is_backwards=True)
