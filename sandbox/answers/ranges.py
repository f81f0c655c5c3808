"""The date ranges in the addresses of analytics, AI code and the audit log."""

import re
from datetime import UTC, date, datetime, timedelta

from sandbox.http import Request, bad_request

MAX_DAYS = 30


def day_range(request: Request) -> tuple[date, date]:
    """Return the first and last UTC day asked for, both included; 400 if over 30 days."""
    now = request.view.now
    first = parse(request.query.get("startDate", "7d"), now).date()
    last = parse(request.query.get("endDate", "today"), now).date()
    check_length(last - first)
    return first, last


def instant_range(
    request: Request, start: str, end: str, *, most_days: int | None = None
) -> tuple[datetime, datetime]:
    """Return the instants asked for under these two names, both included; a plain last day is meant whole."""
    now = request.view.now
    text = request.query.get(end, "now")
    first, last = parse(request.query.get(start, "7d"), now), parse(text, now)
    if is_plain_day(text):
        last += timedelta(days=1, milliseconds=-1)
    check_length(last - first, most_days)
    return first, last


def parse(text: str, now: datetime) -> datetime:
    """Return the instant that the vendor's notation means; 400 if it means none."""
    midnight = now.replace(hour=0, minute=0, second=0, microsecond=0)
    words = {"now": now, "today": midnight, "yesterday": midnight - timedelta(days=1)}
    if text in words:
        return words[text]
    if match := re.fullmatch(r"(\d{1,6})([dhs])", text):
        unit = {"d": "days", "h": "hours", "s": "seconds"}[match[2]]
        return now - timedelta(**{unit: int(match[1])})
    try:
        parsed = datetime.fromisoformat(text)
    except ValueError:
        raise bad_request(f"Invalid date: {text}") from None
    return parsed if parsed.tzinfo else parsed.replace(tzinfo=UTC)


def is_plain_day(text: str) -> bool:
    return re.fullmatch(r"\d{4}-\d\d-\d\d", text) is not None


def is_cacheable(request: Request) -> bool:
    """Only plain days and shortcuts hit the vendor's cache, timestamps never."""
    dates = [request.query[name] for name in ("startDate", "endDate") if name in request.query]
    return all(is_plain_day(text) or re.fullmatch(r"\w+", text) for text in dates)


def check_length(length: timedelta, most_days: int | None = MAX_DAYS) -> None:
    """400 for a range that ends before it begins, or is longer than `most_days`."""
    if length < timedelta(0):
        raise bad_request("startDate must not be after endDate")
    if most_days and length > timedelta(days=most_days):
        raise bad_request(f"Date range cannot exceed {most_days} days")
