"""What of each source is worth asking for now: the narrowest window that can have changed."""

from __future__ import annotations

from datetime import datetime, timedelta

from . import watermarks
from .days import day_start, utc_day
from .models import Source, SourceRun
from .windows import Window, closed_minute

# An empty database begins with this much.
FIRST_DAYS = 30
# Events arrive late, by hours at worst, and their cost may be settled later still (other clients re-read
# between an hour and seven days): a day behind what is complete each time, a week once a day.
REREAD = timedelta(hours=24)
REREAD_NIGHTLY = timedelta(days=7)
# The vendor aggregates daily activity hourly and revises recent days.
ACTIVITY_DAYS = 3


def window_of(source: str, now: datetime) -> Window | None:
    """What to ask of `source`; None while what is known is fresh enough."""
    end_at = closed_minute(now)
    if source == Source.EVENTS:
        return Window(_events_from(end_at), end_at, now)
    if source == Source.ACTIVITY:
        return Window(_activity_from(end_at), end_at, now)
    return Window(end_at, end_at, now)


def _events_from(end_at: datetime) -> datetime:
    complete_until = watermarks.until(Source.EVENTS)
    if complete_until is None:
        return end_at - timedelta(days=FIRST_DAYS)
    back = REREAD if _is_done_today(Source.EVENTS, REREAD_NIGHTLY, end_at) else REREAD_NIGHTLY
    return min(complete_until, end_at) - back


def _activity_from(end_at: datetime) -> datetime:
    complete_until = watermarks.until(Source.ACTIVITY)
    if complete_until is None:
        return day_start(utc_day(end_at) - timedelta(days=FIRST_DAYS - 1))
    return day_start(utc_day(min(complete_until, end_at)) - timedelta(days=ACTIVITY_DAYS - 1))


def _is_done_today(source: str, length: timedelta, end_at: datetime) -> bool:
    """Whether a window of at least `length` went well today already."""
    today = SourceRun.objects.filter(
        source=source, status=SourceRun.Status.OK, started_at__gte=day_start(utc_day(end_at))
    )
    windows = today.values_list("window_start_at", "window_end_at")
    return any(start and end and end - start >= length for start, end in windows)
