"""The one place where instants become UTC days and billing days."""

from collections.abc import Iterator
from datetime import UTC, date, datetime, time, timedelta
from email.utils import parsedate_to_datetime

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
# Two machines of one installation, at most; what is further in the future was written by a wrong clock.
CLOCKS_DIFFER = timedelta(minutes=10)


def utc_day(instant: datetime) -> date:
    """Return the UTC day `instant` falls on; ValueError if naive (a guess would move spend)."""
    if instant.tzinfo is None:
        raise ValueError("naive datetime")
    return instant.astimezone(UTC).date()


def day_start(day: date) -> datetime:
    """Return 00:00 UTC of `day`."""
    return datetime.combine(day, time.min, tzinfo=UTC)


def day_end(day: date) -> datetime:
    """Return the first instant after `day`: half-open ranges end here."""
    return day_start(day) + timedelta(days=1)


def days_between(first: date, last: date) -> Iterator[date]:
    """Yield every day from `first` to `last`, both included."""
    for offset in range((last - first).days + 1):
        yield first + timedelta(days=offset)


def from_epoch_ms(milliseconds: int) -> datetime:
    """Return the aware instant of an epoch in milliseconds, exact to the millisecond."""
    return EPOCH + timedelta(milliseconds=milliseconds)


def to_epoch_ms(instant: datetime) -> int:
    """Return milliseconds since the epoch, rounded down; ValueError if naive."""
    if instant.tzinfo is None:
        raise ValueError("naive datetime")
    return (instant - EPOCH) // timedelta(milliseconds=1)


def to_milliseconds(instant: datetime) -> datetime:
    """Return `instant` in UTC, cut to the milliseconds that identify an event."""
    return from_epoch_ms(to_epoch_ms(instant))


def parse_http_date(text: str) -> datetime | None:
    """Return the instant in a header such as `Date` or `Retry-After`; None if there is none."""
    try:
        instant = parsedate_to_datetime(text)
    except (ValueError, OverflowError):
        return None
    return instant if instant.tzinfo else instant.replace(tzinfo=UTC)
