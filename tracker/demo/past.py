"""The walk through the demo's past: the pipeline hour by hour, and people who act in between."""

from __future__ import annotations

import logging
from collections.abc import Callable, Sequence
from datetime import datetime, timedelta

from collector.collecting import runs
from incidents.models import Notification
from incidents.notifying.outbox import deliver_due
from tracker import pipeline

from .colleagues import Colleagues
from .news import collect_news
from .outlook import Outlook
from .world import World

HOUR = timedelta(hours=1)
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
    for hour in hours:
        is_read = next_moment(hour, hour + HOUR, colleagues) is not None
        is_run = outlook is None or outlook.must_run(hour, is_read=is_read)
        if is_run:
            run_hour(hour, world, collect_news if outlook and hour != hours[-1] else runs.collect)
            colleagues.look(hour)
        has_acted = live_until(hour, hour + HOUR, colleagues)
        if outlook and (is_run or has_acted):
            outlook.read_state(hour)
        watch(hour, is_run)


def run_hour(hour: datetime, world: World, collect: pipeline.Collect = runs.collect) -> None:
    world.set_clock(hour)
    report = pipeline.run(hour, client=world.client, collect=collect)
    if not report.is_ok:
        log.warning("%s: %s", hour, report.summary)


def live_until(start_at: datetime, end_at: datetime, colleagues: Colleagues) -> bool:
    """Let people act and messages go out in `(start_at, end_at)`; False if there was nothing."""
    now = start_at
    while at := next_moment(now, end_at, colleagues):
        now = at
        colleagues.act(at)
        deliver_due(at)
    return now > start_at


def next_moment(start_at: datetime, end_at: datetime, colleagues: Colleagues) -> datetime | None:
    """When somebody acts, or a message becomes due, in `(start_at, end_at)`."""
    waiting = Notification.objects.waiting().filter(due_at__gt=start_at, due_at__lt=end_at)
    due_at = waiting.order_by("due_at").values_list("due_at", flat=True).first()
    moments = [at for at in (due_at, colleagues.next_at) if at and start_at < at < end_at]
    return min(moments, default=None)
