"""The billing cycle: how far it is, what it has cost, where it is heading, and what Cursor says of it."""

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from decimal import Decimal

from collector.base.days import day_start, days_between, utc_day
from collector.base.money import cents, round_cents
from collector.base.statements import prepared
from collector.facts.forecast import MAX_DAYS, MIN_DAYS, Forecast, forecast, last_day, remaining_days
from collector.models import BillingCycle, Reconciliation
from collector.models.spend import REASONS, RECONCILED, BillingCycleQuerySet
from tracker.reports.days import Days, added
from tracker.reports.usage import Day
from tracker.widgets import formats

# A forecast is no closer than this: nearer than so much to what it is compared with is the same.
SAME_RATIO = 0.02


@dataclass(frozen=True)
class CycleReport:
    """Figures of the present cycle, to the instant, and of the one before for comparison."""

    cycle: BillingCycle
    day_number: int
    length: int
    spent: Day
    daily: list[Day]  # each day of the cycle up to where usage is known, only what lies in it; none if before
    last_daily: list[Day]  # the whole cycle before; empty where it is not known
    forecast: Forecast | None
    days_left: int
    last_cents: Decimal | None
    as_of: datetime | None = None  # where the figures stop, if that is before today

    @property
    def change(self) -> float | None:
        """How much more than the last cycle at the same point, as a ratio; None without one to compare.

        Nor before a whole day lies behind: the hours in which a cycle began are too few.
        """
        begins_inside = self.cycle.start_at > day_start(utc_day(self.cycle.start_at))
        over = self.daily[:-1]  # today is not, or not wholly known
        before = added(self.last_daily[: len(over)]).total_cents
        if len(over) <= begins_inside or before < formats.LEAST_BASE_CENTS:
            return None  # a share of next to nothing means nothing
        return float(added(over).total_cents / before) - 1

    @property
    def said_change(self) -> str:
        """To be followed by what is compared with."""
        return formats.more_or_less(self.change or 0, "above", "below")

    @property
    def no_forecast(self) -> str:
        """Why there is none."""
        if not self.daily:
            return "No data for this cycle yet"
        if not self.forecast and not (self.spent.total_cents or self.last_cents):
            return "No spend to base a forecast on"
        return "" if self.forecast else f"A forecast needs {MIN_DAYS} whole days of history"


def first_day(now: datetime) -> tuple[BillingCycle | None, BillingCycle | None, date]:
    """This cycle, the one before it, and the first day that a report on them reads. One query.

    That day leaves a forecast its whole history, whatever period is shown and however short the cycles are.
    With the newest reconciliation of each, for which it costs next to nothing to ask along.
    """
    begun = _begun(now)
    cycle = begun[0] if begun and begun[0].end_at > now else None
    last = begun[1] if cycle and len(begun) > 1 and begun[1].end_at >= cycle.start_at else None
    earliest, today = last or cycle, utc_day(now)
    first = min(utc_day(earliest.start_at), today - timedelta(days=MAX_DAYS)) if earliest else today
    return cycle, last, first


@prepared
def _begun(now: datetime) -> BillingCycleQuerySet:
    """The newest two."""
    return BillingCycle.objects.with_reconciliation().filter(start_at__lte=now).order_by("-start_at")[:2]


def report(
    cycle: BillingCycle,
    last: BillingCycle | None,
    days: Days,
    known_from: date | None,
    now: datetime,
    known_until: datetime | None = None,
) -> CycleReport:
    """`days` reach back to the start of `last`; `known_from` is the first day of anybody's usage.

    Everything but the day of the cycle is as of `known_until`: later days are unknown, not free.
    """
    today, start, seen_at = utc_day(now), utc_day(cycle.start_at), min(known_until or now, now)
    daily = days.between(start, utc_day(seen_at), cycle) if seen_at >= cycle.start_at else []
    last_daily, number, length = [], day_number(cycle, today), day_number(cycle, last_day(cycle))
    if last is not None and known_from is not None and known_from <= utc_day(last.start_at):
        last_daily = days.between(utc_day(last.start_at), last_day(last), last)
    return CycleReport(
        cycle=cycle,
        day_number=number,
        length=length,
        spent=added(daily),
        daily=daily,
        last_daily=last_daily,
        forecast=cycle_forecast(cycle, days, seen_at),
        days_left=length - number,
        last_cents=added(last_daily).total_cents if last_daily else None,
        as_of=seen_at if utc_day(seen_at) < today else None,
    )


def cycle_forecast(cycle: BillingCycle, days: Days, seen_at: datetime) -> Forecast | None:
    """From the first day with a row on: what came before it is no history of these members.

    `seen_at` is where usage stops being known.
    """
    first = min((day for day, _ in days.sums), default=None)
    if first is None or seen_at < cycle.start_at:
        return None
    today = utc_day(seen_at)
    yesterday = today - timedelta(days=1)
    history = [(day, float(days.on(day).total_cents)) for day in days_between(first, yesterday)]
    before = float(added(days.between(utc_day(cycle.start_at), yesterday, cycle)).total_cents)
    return forecast(history, before, float(days.on(today, cycle).total_cents), remaining_days(cycle, today))


def day_number(cycle: BillingCycle, day: date) -> int:
    """Which of the UTC days that the cycle touches `day` is; the day on which it began is the first."""
    return (day - utc_day(cycle.start_at)).days + 1


@dataclass(frozen=True)
class Budget:
    """What the team may spend in a cycle, in cents, and the day on which the forecast reaches it."""

    cents: Decimal
    is_reached: bool
    day: date | None

    @property
    def said(self) -> str:
        budget = f"budget {formats.money_short(self.cents)}"
        if self.is_reached:
            return f"{budget} is exhausted"
        return f"{budget} reached about {formats.day(self.day)}" if self.day else f"within the {budget}"


def heading(expected_cents: float, against: Decimal | None, what: str) -> str:
    """`heading $1,010 (24 %) over the last cycle`, or `(13 times it)`; empty where there is too little to
    compare with."""
    if not against or against < formats.LEAST_BASE_CENTS:
        return ""
    more = expected_cents - float(against)
    ratio = abs(more) / float(against)
    if ratio < SAME_RATIO:
        return f"on course: within {formats.percent(SAME_RATIO)} of {what}"
    direction = "over" if more > 0 else "under"
    share = (
        f"{formats.times(expected_cents / float(against))} it"
        if ratio > formats.MOST_PERCENT
        else formats.percent(ratio)
    )
    share = share.replace(" ", "\N{NO-BREAK SPACE}")  # cards are narrow
    return f"heading {formats.dollars(abs(more))} ({share}) {direction} {what}"


@dataclass(frozen=True)
class ReconciledPart:
    """One reason and its cents of the difference: above zero where Cursor's total is the larger."""

    reason: str
    cents: Decimal

    @property
    def said(self) -> str:
        sign = "+" if self.cents > 0 else ""
        return f"{sign}{formats.money(self.cents)} {REASONS[self.reason]}"


@dataclass(frozen=True)
class Reconciled:
    """One cycle as compared at `at`; `cursor_cents` is None where Cursor's answer does not say its total."""

    at: datetime
    events_cents: Decimal
    cursor_cents: Decimal | None
    parts: tuple[ReconciledPart, ...]  # they add up to the difference

    @property
    def cents(self) -> Decimal | None:
        """Cursor's total less the events'."""
        return None if self.cursor_cents is None else self.cursor_cents - self.events_cents

    @property
    def said(self) -> str:
        """The difference and what it is made of, in one line."""
        if self.cents is None:
            return "Cursor's answer has no total of its own for the cycle"
        if not round_cents(self.cents):
            return f"Cursor's own total is the same as of {formats.instant(self.at)}"
        parts = "; ".join(part.said for part in self.parts if round_cents(part.cents))
        compared = f"{formats.money(abs(self.cents))} {'more' if self.cents > 0 else 'less'}"
        return (
            f"Cursor's own total is {formats.money(self.cursor_cents)}, {compared} than its events' "
            f"{formats.money(self.events_cents)}: {parts} (as of {formats.instant(self.at)})"
        )


def reconciled(cycle: BillingCycle) -> Reconciled | None:
    """The newest comparison of `cycle`; None before the first. One query, unless it was read along."""
    if "reconciled_at" in vars(cycle):
        found = tuple(vars(cycle)[name] for name in RECONCILED)
    else:
        rows = Reconciliation.objects.filter(cycle=cycle).order_by("-taken_at")
        found = rows.values_list(*RECONCILED.values()).first() or (None,)
    if found[0] is None:
        return None
    at, events, snapshot, explanation = found
    parts = tuple(ReconciledPart(part["reason"], Decimal(part["cents"])) for part in explanation)
    return Reconciled(at, cents(events), None if snapshot is None else cents(snapshot), parts)
