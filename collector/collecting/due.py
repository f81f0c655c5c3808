"""The window to ask each source for now: the narrowest that can have changed."""

from datetime import datetime, timedelta

from collector.base.days import day_end, day_start, utc_day
from collector.models import BillingCycle, Source, SourceRun

from . import watermarks
from .windows import DAY, Window, closed_minute

# An empty database begins with this much.
FIRST_DAYS = 30
# Events arrive late, by hours at worst, and their cost may be settled later still (other clients re-read
# between an hour and seven days): a day behind what is complete each time, a week once a day.
REREAD = timedelta(hours=24)
REREAD_NIGHTLY = timedelta(days=7)
# The vendor aggregates daily activity hourly and revises recent days.
ACTIVITY_DAYS = 3


# Analytics are counted by day and the vendor caches them; six hours late is early enough for a trend.
ANALYTICS_EVERY = timedelta(hours=6)
ANALYTICS_DAYS = 7
# A list is read at most once an hour: an hourly schedule is never exact to the second, so a little less.
LIST_EVERY = timedelta(minutes=50)

LISTS = {Source.MEMBERS, Source.GROUPS}
ANALYTICS = {Source.TEAM_ANALYTICS, Source.MEMBER_ANALYTICS, Source.COMMITS}


def window_of(source: str, now: datetime, *, is_wanted: bool = False) -> Window | None:
    """What to ask of `source`; None while what is known is fresh enough, unless it `is_wanted` by name."""
    end_at = closed_minute(now)
    if source == Source.EVENTS:
        return Window(_events_from(end_at), end_at, now)
    if source == Source.ACTIVITY:
        return Window(_activity_from(end_at), end_at, now)
    if source in ANALYTICS:
        if not is_wanted and _was_asked(source, ANALYTICS_EVERY, now):
            return None
        return Window(_days_from(source, ANALYTICS_DAYS, end_at), end_at, now)
    if source in LISTS and not is_wanted and _was_asked(source, LIST_EVERY, now):
        return None
    return Window(end_at, end_at, now)


def _events_from(end_at: datetime) -> datetime:
    complete_until = watermarks.until(Source.EVENTS)
    if complete_until is None:
        return end_at - timedelta(days=FIRST_DAYS)
    back = REREAD if _is_done_today(Source.EVENTS, REREAD_NIGHTLY, end_at) else REREAD_NIGHTLY
    return min(complete_until, end_at) - back


def _activity_from(end_at: datetime) -> datetime:
    """The last days each time, the whole cycle once a day."""
    start_at = _days_from(Source.ACTIVITY, ACTIVITY_DAYS, end_at)
    cycle = BillingCycle.objects.at(end_at)
    if cycle is None or _is_done_today(Source.ACTIVITY, end_at - day_start(utc_day(cycle.start_at)), end_at):
        return start_at
    return min(start_at, day_start(utc_day(cycle.start_at)))


def _days_from(source: str, days: int, end_at: datetime) -> datetime:
    """The start of the last `days` that are complete; of `FIRST_DAYS` before anything is."""
    complete_until = watermarks.until(source)
    if complete_until is None:
        return day_start(utc_day(end_at) - timedelta(days=FIRST_DAYS - 1))
    return day_start(utc_day(min(complete_until, end_at)) - timedelta(days=days - 1))


def _was_asked(source: str, within: timedelta, now: datetime) -> bool:
    """Whether `source` answered less than `within` ago; “not on this plan” is an answer, too.

    A run dated in the future was stamped by a wrong clock and does not count.
    """
    answered = (*SourceRun.GOOD, SourceRun.RunStatus.UNAVAILABLE)
    lately = SourceRun.objects.collected().filter(started_at__gt=now - within, started_at__lte=now + within)
    return lately.filter(source=source, status__in=answered).exists()


def _is_done_today(source: str, length: timedelta, end_at: datetime) -> bool:
    """Whether a window of about `length` went well today already."""
    today = SourceRun.objects.collected().filter(
        source=source,
        status__in=SourceRun.GOOD,
        started_at__gte=day_start(utc_day(end_at)),
        started_at__lt=day_end(utc_day(end_at)),
    )
    windows = today.values_list("window_start_at", "window_end_at")
    return any(start and end and end - start >= length - DAY for start, end in windows)
