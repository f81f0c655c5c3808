"""Epoch milliseconds, the vendor's clock, and aware datetimes."""

from datetime import UTC, date, datetime, time, timedelta

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
MILLISECOND = timedelta(milliseconds=1)
DAY_MS, HOUR_MS = 86_400_000, 3_600_000


def to_ms(instant: datetime) -> int:
    """Return epoch milliseconds, rounded down; TypeError if naive."""
    return (instant - EPOCH) // MILLISECOND


def from_ms(ms: int) -> datetime:
    return EPOCH + int(ms) * MILLISECOND


def day_ms(day: date) -> int:
    """Return the first millisecond of a UTC day."""
    return (day - EPOCH.date()).days * DAY_MS


def day_of(ms: int) -> date:
    return from_ms(ms).date()


def days_between(first: date, last: date) -> list[date]:
    """Return every day from `first` to `last`, both included."""
    return [first + timedelta(days=offset) for offset in range((last - first).days + 1)]


def midnight(day: date) -> datetime:
    return datetime.combine(day, time(), UTC)


def iso(instant: datetime) -> str:
    """Return ISO 8601 with milliseconds and Z, as the API spells it."""
    return instant.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.") + f"{instant.microsecond // 1000:03d}Z"
