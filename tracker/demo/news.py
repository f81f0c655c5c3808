"""What a run of the walk reads: only what is new since the last run, dated as if it had run every hour."""

from datetime import datetime, timedelta

from django.db.models import DateTimeField, ExpressionWrapper, F, Value
from django.db.models.functions import TruncHour

from collector.base.days import day_start, utc_day
from collector.base.leases import hold_lease
from collector.collecting import runs, watermarks
from collector.collecting.due import window_of
from collector.collecting.windows import Window, closed_minute
from collector.cursor.client import CursorClient
from collector.models import MemberModelHour, Source, SourceRun, UsageEvent

HOUR = timedelta(hours=1)
LISTS = (Source.MEMBERS, Source.GROUPS)


def collect_news(now: datetime, *, client: CursorClient | None) -> runs.CollectReport:
    """Who is there, what was spent, and the events since the last run.

    The sandbox revises nothing and moves people at midnight alone, so nothing is read again; what no incident
    rests on waits for the walk's end.
    """
    end_at = closed_minute(now)
    is_known_today = SourceRun.objects.filter(
        source=Source.GROUPS, started_at__gte=day_start(utc_day(now))
    ).exists()
    with hold_lease(runs.LEASE):
        collection = runs.Collection(now, client or CursorClient.from_settings())
        for source in (*([] if is_known_today else LISTS), Source.SPEND):
            collection.run(source, Window(end_at, end_at, now))
        if not is_known_today:  # messages name repositories
            collection.run(Source.COMMITS, window_of(Source.COMMITS, now))
        start_at = watermarks.until(Source.EVENTS) or end_at
        collection.run(Source.EVENTS, Window(start_at, end_at, now))
    date_by_hour(start_at, now)
    return collection.report


def date_by_hour(start_at: datetime, now: datetime) -> None:
    """Events of the hours that were skipped were first seen when their own hour was over."""
    over = ExpressionWrapper(F("hour") + Value(HOUR), output_field=DateTimeField())
    skipped = UsageEvent.objects.between(start_at, now - HOUR)
    skipped.annotate(hour=TruncHour("occurred_at")).update(first_seen_at=over)
    ended = ExpressionWrapper(F("hour_at") + Value(HOUR), output_field=DateTimeField())
    MemberModelHour.objects.between(start_at, now - HOUR).update(settled_at=ended)
