"""How days are labelled on charts, and which of them may still change."""

from collections.abc import Sequence
from datetime import date, timedelta
from decimal import Decimal
from typing import TypedDict

from tracker.periods import Period
from tracker.widgets import formats

# Cursor may revise a day for a day after it is over: yesterday and today are shown as provisional.
PROVISIONAL_DAYS = 2


class DayAxis(TypedDict):
    """What every chart says of its days: fields of `Chart`."""

    labels: list[str]
    titles: list[str]
    days: list[date]
    provisional_from: int | None
    ends_today: bool


def day_axis(days: list[date], period: Period) -> DayAxis:
    labels, titles = day_labels(days, period.today)
    return {
        "labels": labels,
        "titles": titles,
        "days": days,
        "provisional_from": provisional_index(days, period.today),
        "ends_today": period.is_current,
    }


def day_labels(days: list[date], today: date) -> tuple[list[str], list[str]]:
    """Short labels for the axis and full ones for tooltip and table, which say what is not final."""
    short = [f"{day.day} {day:%b}" for day in days]
    return short, [formats.day(day) + unsettled(day, today) for day in days]


def unsettled(day: date, today: date) -> str:
    if day == today:
        return " (today so far)"
    return " (may still change)" if today - timedelta(days=PROVISIONAL_DAYS) < day < today else ""


def provisional_index(days: list[date], today: date) -> int | None:
    """The first of `days` that may still change; None where all are settled."""
    first = today - timedelta(days=PROVISIONAL_DAYS - 1)
    return next((index for index, day in enumerate(days) if day >= first), None)


def known(period: Period, values: Sequence[float]) -> list[float | None]:
    """One value per shown day, none where nothing of the day is known: that is no zero."""
    return [value if is_known else None for is_known, value in zip(period.known_days, values, strict=True)]


def dollars(cents: Decimal | float) -> float:
    """Cents as dollars for a chart, to the cent."""
    return round(float(cents) / 100, 2)
