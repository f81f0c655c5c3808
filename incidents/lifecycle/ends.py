"""The ends that people choose, of a snooze, planned spend or a limit: to come, and within their lifetime."""

from datetime import UTC, date, datetime, time, timedelta

LONGEST_AHEAD = timedelta(days=3653)  # a year typed with a digit too many is further away


def end_of_day(day: date) -> datetime:
    """The instant at which `day` is over, in UTC; of the last day that there is, its last instant."""
    if day == date.max:
        return datetime.max.replace(tzinfo=UTC)
    return datetime.combine(day + timedelta(days=1), time(), UTC)


def end_problem(until: datetime, now: datetime) -> str:
    """Why nothing can end at `until`, in a sentence; empty where it can."""
    if until <= now:
        return "Choose a time in the future."
    return "Choose a time within the next ten years." if until > now + LONGEST_AHEAD else ""
