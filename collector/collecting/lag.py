"""Whether the vendor itself is behind: it answers, and the newest event is older than is usual for the hour.

Reported publicly in June 2026, with lags of twelve hours and more. Hours after the newest event are then
unknown, not zero.
"""

from datetime import datetime, timedelta

from django.db.models import Max, Min

from collector.base.days import day_start, utc_day
from collector.models import DailyActivity, Member, MemberModelDay, Source, UsageEvent, Watermark

# Shorter silences are part of any day.
SHORTEST = timedelta(hours=2)
# Weeks whose same hours say what is usual, and the fewest events that each must have had in them.
WEEKS, FEWEST_EVENTS = 4, 10
# People whom the daily activity knows as active, while no event names them.
FEWEST_PEOPLE = 3


def note_vendor_lag(now: datetime) -> datetime | None:
    """Keep up to when the vendor has sent events, where that is behind what was read; return it, or None."""
    mark = Watermark.objects.filter(source=Source.EVENTS).first()
    if mark is None:
        return None
    newest = UsageEvent.objects.filter(origin=UsageEvent.Provenance.API).aggregate(at=Max("occurred_at"))[
        "at"
    ]
    until = min(mark.complete_until_at, now)
    sent_until_at = newest if newest and is_lagging(newest, until) else None
    if sent_until_at != mark.sent_until_at:
        Watermark.objects.filter(pk=mark.pk).update(sent_until_at=sent_until_at)
    return sent_until_at


def is_lagging(newest: datetime, until: datetime) -> bool:
    """Whether events of `(newest, until)` are missing, as opposed to there being none."""
    if until - newest < SHORTEST:
        return False
    usual = usual_counts(newest, until)
    return bool(usual and min(usual) >= FEWEST_EVENTS) or _has_people_without_events(newest, until)


def usual_counts(start_at: datetime, end_at: datetime) -> list[int]:
    """How many events the same hours of earlier weeks had, as far back as events are known."""
    first = UsageEvent.objects.aggregate(at=Min("occurred_at"))["at"]
    earlier = [timedelta(weeks=weeks) for weeks in range(1, WEEKS + 1)]
    return [
        UsageEvent.objects.between(start_at - back, end_at - back).count()
        for back in earlier
        if first and first <= start_at - back
    ]


def _has_people_without_events(newest: datetime, until: datetime) -> bool:
    """Whether most people who were active since the day of the newest event have no event since."""
    first, last = utc_day(newest), utc_day(until)
    people = Member.objects.filter(
        pk__in=DailyActivity.objects.filter(day__range=(first, last), is_active=True).values("member")
    )
    active = people.count()
    with_events = MemberModelDay.objects.between(first, last).values("member")
    without = people.exclude(pk__in=with_events).count()
    return without >= FEWEST_PEOPLE and 2 * without > active and until - day_start(last) > SHORTEST
