"""A group's spend by day, cut where a billing cycle turns: sums of days, and a forecast from them."""

from collections import defaultdict
from collections.abc import Collection, Iterator, Mapping
from datetime import date, datetime, timedelta

from collector.base.days import days_between, utc_day
from collector.facts.forecast import Forecast, forecast
from collector.models import BillingCycle
from groups.reporting.chargeback import NOTHING, ChargebackFigures
from tracker.periods import Period
from tracker.reports.cycle import remaining_days

# A day, and whether it is the part of it after a billing cycle began: what daily totals are kept by.
Slot = tuple[date, bool]


def both_parts(day: date) -> list[Slot]:
    return [(day, False), (day, True)]


def period_slots(period: Period) -> Iterator[Slot]:
    """The slots that the period's totals count."""
    return slots(period.first, period.end, period.cycle)


def slots(first: date, last: date, cycle: BillingCycle | None = None) -> Iterator[Slot]:
    """Every slot of the days, or of their part that lies in `cycle`."""
    for day in days_between(first, last):
        if not (cycle and day == utc_day(cycle.start_at)):
            yield day, False
        if not (cycle and day == utc_day(cycle.end_at)):
            yield day, True


def sum_by_slot(parts: list[dict[Slot, ChargebackFigures]]) -> dict[Slot, ChargebackFigures]:
    """The figures of all parts, added up for each slot."""
    if len(parts) == 1:
        return parts[0]
    sums: dict[Slot, ChargebackFigures] = defaultdict(ChargebackFigures)
    for part in parts:
        for slot, spend in part.items():
            sums[slot] += spend
    return sums


def added(days: Mapping[Slot, ChargebackFigures], wanted: Collection[Slot]) -> ChargebackFigures:
    return sum((days[slot] for slot in wanted if slot in days), NOTHING)


def cycle_forecast(
    days: Mapping[Slot, ChargebackFigures], cycle: BillingCycle, seen_at: datetime
) -> Forecast | None:
    """Where the group's cycle is heading, from its own whole days before `seen_at`."""
    today, known_days = utc_day(seen_at), [day for day, _ in days]
    if not known_days or seen_at < cycle.start_at:
        return None

    def cents(wanted: Collection[Slot]) -> float:
        return float(added(days, wanted).total_cents)

    history = [
        (day, cents(both_parts(day))) for day in days_between(min(known_days), today - timedelta(days=1))
    ]
    start = utc_day(cycle.start_at)
    before = cents(list(slots(start, today - timedelta(days=1), cycle)))
    return forecast(history, before, cents(list(slots(today, today, cycle))), remaining_days(cycle, today))
