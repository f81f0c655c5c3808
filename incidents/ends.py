"""The ends that people choose for a snooze, planned spend or a limit: in the future, and not too far."""

from datetime import UTC, date, datetime, time, timedelta
from functools import cache
from zoneinfo import ZoneInfo, available_timezones

LONGEST_AHEAD = timedelta(days=3653)  # a year typed with a digit too many is further away
# Of a snooze with one tap.
SNOOZES = {"1h": "1 hour", "4h": "4 hours", "tomorrow": "Until tomorrow 9:00", "week": "1 week"}
SPANS = {"1h": timedelta(hours=1), "4h": timedelta(hours=4), "week": timedelta(days=7)}
MORNING = time(9)


@cache
def zone_names() -> frozenset[str]:
    """Names such as Europe/Berlin; the system's whole directory of them is read once, which takes a while."""
    return frozenset(available_timezones())


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


def snooze_end(choice: str, now: datetime, zone: str = "") -> datetime:
    """The end of the snooze named by a key of `SNOOZES`; tomorrow is the reader's, in their time `zone`."""
    if choice in SPANS:
        return now + SPANS[choice]
    local = ZoneInfo(zone if zone in zone_names() else "UTC")
    tomorrow = now.astimezone(local).date() + timedelta(days=1)
    return datetime.combine(tomorrow, MORNING, local).astimezone(UTC)
