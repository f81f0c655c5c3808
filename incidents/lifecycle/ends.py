"""The ends that people choose for a snooze, planned spend or a limit: in the future, and not too far."""

from datetime import UTC, date, datetime, time, timedelta

LONGEST_AHEAD = timedelta(days=3653)  # a year typed with a digit too many is further away


def end_of_day(day: date) -> datetime:
    """Midnight UTC after `day`; for the calendar's last day, which has none, its last instant."""
    if day == date.max:
        return datetime.max.replace(tzinfo=UTC)
    return datetime.combine(day + timedelta(days=1), time(), UTC)


def end_problem(until: datetime, now: datetime) -> str:
    """Why nothing can end at `until`, in a sentence; empty where it can."""
    if until <= now:
        return "Choose a time in the future."
    return "Choose a time within the next ten years." if until > now + LONGEST_AHEAD else ""
