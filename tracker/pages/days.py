"""How days are labelled on charts, and which of them may still change."""

from collections.abc import Sequence
from datetime import date, timedelta
from decimal import Decimal
from typing import TypedDict

from tracker.periods import Period
from tracker.widgets import formats

# Cursor may revise a day for a day after it is over: yesterday and today are shown as provisional.
PROVISIONAL = timedelta(days=2)


class DayAxis(TypedDict):
    """What every chart says of its days: fields of `Chart`."""

    labels: list[str]
    titles: list[str]
    days: list[date]
    provisional_from: int | None
    ends_today: bool


def day_axis(days: list[date], period: Period) -> DayAxis:
    labels, titles = day_labels(days, period.today)
    unsettled = (index for index, day in enumerate(days) if day > period.today - PROVISIONAL)
    return {
        "labels": labels,
        "titles": titles,
        "days": days,
        "provisional_from": next(unsettled, None),
        "ends_today": period.is_current,
    }


def day_labels(days: list[date], today: date) -> tuple[list[str], list[str]]:
    """Short labels for the axis and full ones for tooltip and table, which say what is not final."""
    notes = {today - timedelta(days=1): " (may still change)", today: " (today so far)"}
    return [f"{day.day} {day:%b}" for day in days], [formats.day(day) + notes.get(day, "") for day in days]


def known(period: Period, values: Sequence[float]) -> list[float | None]:
    """One value per shown day, none where nothing of the day is known: that is no zero."""
    days = zip(period.shown_days, values, strict=True)
    return [value if period.is_known(day) else None for day, value in days]


def dollars(cents: Decimal | float) -> float:
    """Cents as dollars for a chart, to the cent."""
    return round(float(cents) / 100, 2)
