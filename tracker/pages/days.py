"""The days of a chart: labels, which may still change, links, and the earlier days they are held against."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import date, timedelta
from decimal import Decimal
from typing import TypedDict, TypeVar
from urllib.parse import urlencode

from django.urls import reverse

from tracker.filters import Filters
from tracker.periods import Comparison, Period
from tracker.reports.changes import NO_CHANGE, Change
from tracker.reports.days import Days
from tracker.widgets import formats
from tracker.widgets.charts import Series
from tracker.widgets.tables import Column, Row

Key = TypeVar("Key")

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


def day_urls(days: Iterable[date], filters: Filters | None = None) -> list[str]:
    """Of the days' pages, with the group alone, as `?group=…`: a day has no other filter."""
    group = filters.group if filters else None
    query = f"?{urlencode({'group': group.path})}" if group else ""
    below = reverse("day", args=["day"]).removesuffix("day")
    return [f"{below}{day}{query}" for day in days]


def change_columns(
    comparison: Comparison | None, changes: Mapping[Key, Change], key: Callable[[Row], Key]
) -> list[Column[Row]]:
    """What a row, found by its key, spent before and how that changed; none where nothing is compared."""
    if comparison is None:
        return []

    def change(row: Row) -> Change:
        return changes.get(key(row), NO_CHANGE)

    meaning = f"Spend against that of {comparison.days}. Days in progress are not compared."
    return [
        Column("before", "Before", lambda row: change(row).before_cents, "money", only_csv=True),
        Column("change", "Change", lambda row: change(row).cents, "change", shown=change, help=meaning),
        Column("change_ratio", "Change", lambda row: change(row).ratio, only_csv=True),
    ]


def earlier_bars(filters: Filters, days: Days) -> list[Series]:
    """Spend of the earlier day behind each shown day; none where nothing is compared."""
    comparison = filters.comparison
    if comparison is None:
        return []

    cycle = comparison.earlier_cycle
    earlier_days = [comparison.day_before(day) for day in filters.period.shown_days]
    values = [None if day is None else dollars(days.on(day, cycle).total_cents) for day in earlier_days]
    return [Series(f"Before: {comparison.days}", values, "other", kind="ghost")]
