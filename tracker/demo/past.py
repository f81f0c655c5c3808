"""The walk through the demo's past: the pipeline hour by hour, and people who act in between."""

import logging
from collections.abc import Callable, Sequence
from datetime import datetime, timedelta

from django.db.models import DateTimeField, ExpressionWrapper, F, Value
from django.db.models.functions import TruncHour

from collector.base.days import day_start, utc_day
from collector.base.leases import hold_lease
from collector.collecting import runs, watermarks
from collector.collecting.windows import Window, closed_minute
from collector.cursor.client import CursorClient
from collector.models import MemberModelHour, Source, SourceRun, UsageEvent
from incidents.models import Notification
from incidents.notifying.outbox import deliver_due
from tracker import pipeline

from .colleagues import Colleagues
from .outlook import Outlook
from .world import World

HOUR = timedelta(hours=1)
LISTS = (Source.MEMBERS, Source.GROUPS)
log = logging.getLogger(__name__)
Watcher = Callable[[datetime, bool], None]


def walk(
    hours: Sequence[datetime],
    world: World,
    colleagues: Colleagues,
    outlook: Outlook | None = None,
    watch: Watcher = lambda hour, is_run: None,
) -> None:
    """Run the pipeline at every one of `hours`, or with an outlook at those that change something.

    Between two hours people act, and what waits for its minute is sent, as the worker does.
    """
    next_at = next_moment(hours[0], colleagues)
    for hour in hours:
        end_at = hour + HOUR
        has_acted = next_at is not None and next_at < end_at
        is_run = outlook is None or outlook.must_run(hour, is_read=has_acted)
        if is_run:
            run_hour(hour, world, collect_news if outlook else runs.collect)
            colleagues.look(hour)
            next_at = next_moment(hour, colleagues)
        while next_at and next_at < end_at:
            has_acted = True
            colleagues.act(next_at)
            deliver_due(next_at)
            next_at = next_moment(next_at, colleagues)
        if outlook and (is_run or has_acted):
            outlook.read_state(hour)
        watch(hour, is_run)


def run_hour(hour: datetime, world: World, collect: pipeline.Collect = runs.collect) -> None:
    world.set_clock(hour)
    report = pipeline.run(hour, client=world.client, collect=collect)
    if not report.is_ok:
        log.warning("%s: %s", hour, report.summary)


def next_moment(now: datetime, colleagues: Colleagues) -> datetime | None:
    """When next somebody acts, or a message becomes due after `now`."""
    waiting = Notification.objects.waiting().filter(due_at__gt=now).order_by("due_at")
    due_at = waiting.values_list("due_at", flat=True).first()
    return min((at for at in (due_at, colleagues.next_at) if at), default=None)


def collect_news(now: datetime, *, client: CursorClient | None) -> runs.CollectReport:
    """Who is there, what was spent, and the events since the last run, dated as if it had run every hour.

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
            read_until = watermarks.until(Source.COMMITS) or end_at
            collection.run(Source.COMMITS, Window(day_start(utc_day(read_until)), end_at, now))
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
