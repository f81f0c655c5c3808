"""The columns of change, and the pale bars of earlier days behind those of a chart."""

from collections.abc import Callable, Mapping
from typing import TypeVar

from tracker.filters import Filters
from tracker.pages.days import dollars
from tracker.periods import Comparison
from tracker.reports.changes import NO_CHANGE, Change
from tracker.reports.days import Days
from tracker.widgets.charts import Series
from tracker.widgets.tables import Column, Row

Key = TypeVar("Key")


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
