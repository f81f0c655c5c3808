"""When a cleared finding has been gone for so long that its return is a new one."""

from datetime import datetime, timedelta

from .vocabulary import Rule

WEEKEND = {5, 6}
# What a rule looks at for longer than a day: until that has passed, its next finding is partly about the same
# usage.
LOOKED_AT = {Rule.DRIFT.value: timedelta(days=14)}


def has_lapsed(rule: str, cleared_at: datetime, as_of: datetime, window: timedelta) -> bool:
    """Whether the window has passed, weekends (UTC) not counted: a quiet weekend is no recovery; and all that
    the rule looked at."""
    passed = as_of - cleared_at
    return passed - _weekend_between(cleared_at, as_of) >= window and passed >= LOOKED_AT.get(rule, window)


def _weekend_between(start_at: datetime, end_at: datetime) -> timedelta:
    """How much of `[start_at, end_at)` falls on Saturdays and Sundays."""
    total, day = timedelta(0), start_at.replace(hour=0, minute=0, second=0, microsecond=0)
    while day < end_at:
        following = day + timedelta(days=1)
        if day.weekday() in WEEKEND:
            total += min(following, end_at) - max(day, start_at)
        day = following
    return total
