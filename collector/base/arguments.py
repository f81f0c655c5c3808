"""Types of arguments that several commands share."""

import argparse
from collections.abc import Callable
from datetime import UTC, date, datetime
from typing import TypeVar

from django.core.exceptions import ValidationError
from django.core.validators import validate_email

from .plausibility import is_number

D = TypeVar("D", bound=date)


def instant(text: str) -> datetime:
    """An ISO 8601 instant, UTC if it has no time zone: `2026-03-02T14:00Z` or `2026-03-02`."""
    parsed = _parsed(text, datetime, "an ISO instant, such as 2026-03-02T14:00Z")
    return parsed if parsed.tzinfo else parsed.replace(tzinfo=UTC)


def day(text: str) -> date:
    """A day as YYYY-MM-DD."""
    return _parsed(text, date, "a day, such as 2026-03-02")


def _parsed(text: str, kind: type[D], expected: str) -> D:
    """ArgumentTypeError also at the ends of the calendar, which leave no day to look back or ahead to."""
    try:
        parsed = kind.fromisoformat(text)
    except ValueError:
        raise argparse.ArgumentTypeError(f"{text!r} is not {expected}") from None
    if not 2000 <= parsed.year < 3000:
        raise argparse.ArgumentTypeError(f"{text!r} is not between 2000 and 2999")
    return parsed


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
