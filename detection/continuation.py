"""When a cleared finding has been gone for so long that its return is a new one."""

from datetime import datetime, timedelta

WEEKEND = {5, 6}


def has_lapsed(cleared_at: datetime, as_of: datetime, window: timedelta) -> bool:
    """Whether the window has passed, weekends (UTC) not counted: a quiet weekend is no recovery."""
    return as_of - cleared_at - _weekend_between(cleared_at, as_of) >= window


def _weekend_between(start_at: datetime, end_at: datetime) -> timedelta:
    """How much of `[start_at, end_at)` falls on Saturdays and Sundays."""
    total, day = timedelta(0), start_at.replace(hour=0, minute=0, second=0, microsecond=0)
    while day < end_at:
        following = day + timedelta(days=1)
        if day.weekday() in WEEKEND:
            total += min(following, end_at) - max(day, start_at)
        day = following
    return total
