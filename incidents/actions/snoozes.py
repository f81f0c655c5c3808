"""How long a snooze lasts that is chosen with one tap."""

from datetime import UTC, datetime, time, timedelta
from zoneinfo import ZoneInfo, available_timezones

SNOOZES = {"1h": "1 hour", "4h": "4 hours", "tomorrow": "Until tomorrow 9:00", "week": "1 week"}
SPANS = {"1h": timedelta(hours=1), "4h": timedelta(hours=4), "week": timedelta(days=7)}
MORNING = time(9)


def snooze_end(choice: str, now: datetime, zone: str = "") -> datetime:
    """The end of the snooze named by a key of `SNOOZES`; tomorrow is the reader's, in their time `zone`."""
    if choice in SPANS:
        return now + SPANS[choice]
    local = ZoneInfo(zone if zone in available_timezones() else "UTC")
    tomorrow = now.astimezone(local).date() + timedelta(days=1)
    return datetime.combine(tomorrow, MORNING, local).astimezone(UTC)
