"""What runs by itself, and when: django-q2's schedules, one row each."""

from datetime import datetime, timedelta

from django_q.models import Schedule

from collector.base.upsert import writing

# Cursor aggregates usage on the hour; five past leaves it time to finish (its documentation asks
# for no more than one poll an hour).
HOURLY_MINUTE = 5
DAILY_HOUR = 3
PERIODS = {
    Schedule.HOURLY: timedelta(hours=1),
    Schedule.DAILY: timedelta(days=1),
    Schedule.MINUTES: timedelta(minutes=1),
}


def ensure_schedules(now: datetime) -> None:
    """Create or correct the schedules, those too that a clock far ahead has put off; what an operator paused
    (`repeats = 0`) stays paused, and keeps the minute or hour that it was moved to."""
    next_hour = now.replace(minute=HOURLY_MINUTE, second=0, microsecond=0)
    if next_hour <= now:
        next_hour += timedelta(hours=1)
    night = now.replace(hour=DAILY_HOUR, minute=35, second=0, microsecond=0)
    night += timedelta(days=night <= now)
    with writing():  # django-q2's table takes two of a name, which workers that start at once would make
        _ensure("hourly pipeline", "tracker.tasks.hourly", Schedule.HOURLY, first=next_hour)
        _ensure("daily pruning", "tracker.tasks.daily", Schedule.DAILY, first=night)
        _ensure(
            "notifications that wait", "tracker.tasks.every_minute", Schedule.MINUTES, first=now, minutes=1
        )


def _ensure(name: str, func: str, kind: str, *, first: datetime, minutes: int | None = None) -> None:
    first_made = Schedule.objects.filter(name=name).order_by("pk").values("pk")[:1]
    Schedule.objects.filter(name=name).exclude(pk__in=first_made).delete()
    fixed = {"func": func, "schedule_type": kind, "minutes": minutes}
    Schedule.objects.update_or_create(
        name=name, defaults=fixed, create_defaults={**fixed, "next_run": first, "repeats": -1}
    )
    Schedule.objects.filter(name=name, next_run__gt=first + PERIODS[kind]).update(next_run=first)
