"""Types of arguments that several commands share."""

import argparse
from collections.abc import Callable
from datetime import UTC, date, datetime

from django.core.exceptions import ValidationError
from django.core.validators import validate_email

from .plausibility import is_number


def instant(text: str) -> datetime:
    """An ISO 8601 instant, UTC if it has no time zone: `2026-03-02T14:00Z` or `2026-03-02`."""
    try:
        parsed = datetime.fromisoformat(text)
    except ValueError:
        raise argparse.ArgumentTypeError(
            f"{text!r} is not an ISO instant, such as 2026-03-02T14:00Z"
        ) from None
    _check_year(parsed, text)
    return parsed if parsed.tzinfo else parsed.replace(tzinfo=UTC)


def day(text: str) -> date:
    """A day as YYYY-MM-DD."""
    try:
        parsed = date.fromisoformat(text)
    except ValueError:
        raise argparse.ArgumentTypeError(f"{text!r} is not a day, such as 2026-03-02") from None
    _check_year(parsed, text)
    return parsed


def _check_year(parsed: date, text: str) -> None:
    """Refuse the ends of the calendar, which leave no day to look back or ahead to."""
    if not 2000 <= parsed.year < 3000:
        raise argparse.ArgumentTypeError(f"{text!r} is not between 2000 and 2999")


def whole_number(least: int, most: int) -> Callable[[str], int]:
    """The type of a whole number from `least` to `most`, both included."""

    def read(text: str) -> int:
        if not is_number(text) or not least <= int(text) <= most:
            raise argparse.ArgumentTypeError(f"{text!r} is not a whole number from {least} to {most:,}")
        return int(text)

    return read


def email(text: str) -> str:
    """An e-mail address, in small letters as members are joined on it."""
    address = text.strip().lower()
    try:
        validate_email(address)
    except ValidationError:
        raise argparse.ArgumentTypeError(
            f"{text!r} is not an e-mail address, such as ann@example.com"
        ) from None
    return address
