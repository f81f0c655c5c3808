"""Which days a page is about: whole UTC days before today, today alone, or the billing cycle up to now."""

from dataclasses import dataclass, field, replace
from datetime import date, datetime, timedelta

from django.core.exceptions import BadRequest
from django.db.models import Q

from collector.base.days import day_end, day_start, days_between, utc_day
from collector.base.plausibility import EARLIEST
from collector.base.spans import DaySpan
from collector.facts.weeks import Weekly, cycle_in_weeks, in_weeks
from collector.models import BillingCycle
from collector.models.totals import span_of
from tracker.widgets import formats

# Days by the period's name in the address bar; the cycle has its own length.
WHOLE_DAYS = {"24h": 1, "3d": 3, "7d": 7, "14d": 14, "30d": 30}
LABELS = {"24h": "24 h", "3d": "3 d", "7d": "7 d", "14d": "14 d", "30d": "30 d", "cycle": "Cycle"}
DEFAULT = "30d"
# Two years: pages read a row for each member, model and day of it.
MOST_DAYS = 731
DATES = "dates"  # the key of a period given by its first and last day
COMPARISONS = {"before": "Period before", "cycle": "Last cycle"}


@dataclass(frozen=True)
class Period:
    """`first` to `last`, both included, are days that are over, or today alone.

    A cycle's totals too go up to now, being counted to the instant. Averages divide by `averaged`.
    """

    key: str
    first: date
    last: date
    today: date
    cycle: BillingCycle | None = None
    known_until: datetime | None = None  # what came later is unknown, not zero; None: nothing is cut
    # What follows from these.
    days: int = field(init=False, compare=False)  # whole ones; none on the first day of a cycle
    end: date = field(init=False, compare=False)  # the last day that totals count: today in a cycle
    is_current: bool = field(init=False, compare=False)  # whether today so far is shown after it
    last_shown: date = field(init=False, compare=False)  # on charts
    has_average: bool = field(init=False, compare=False)  # saying more than the total: not of one day
    is_unknown: bool = field(init=False, compare=False)  # whether nothing of it is known at all
    as_of: datetime | None = field(init=False, compare=False)  # where figures stop before the last day shown
    shown_days: list[date] = field(init=False, compare=False)  # on charts: whole days, and today after them
    averaged: list[date] = field(init=False, compare=False)  # whole, over and wholly known

    def __post_init__(self) -> None:
        is_current = self.key != DATES  # not where two days were asked for
        days, last_shown = (self.last - self.first).days + 1, self.today if is_current else self.last
        is_cut = self.cycle is not None and self.cycle.start_at > day_start(self.first)
        whole = days_between(self.first + timedelta(days=is_cut), self.last)
        vars(self).update(
            days=days,
            end=self.today if self.cycle else self.last,
            is_current=is_current,
            last_shown=last_shown,
            has_average=bool(self.cycle) or days > 1,
            is_unknown=not self.is_known(self.first),
            as_of=None if self.is_known(last_shown) else self.known_until,
            shown_days=list(days_between(self.first, last_shown)),
            averaged=[day for day in whole if self.known_until is None or day_end(day) <= self.known_until],
        )

    def is_known(self, day: date) -> bool:
        """Whether anything of `day` is known; of one that is not, no figure is zero."""
        return self.known_until is None or day_start(day) < self.known_until

    def seen_until(self, now: datetime) -> datetime:
        """Where usage stops being known; `now` where none was ever read."""
        return min(self.known_until or now, now)

    @property
    def said(self) -> str:
        if self.cycle:
            return f"This cycle: {formats.instant(self.cycle.start_at)} to now"
        if self.days == 1:
            which = ", the last whole day" if self.is_current else ", so far" * (self.last == self.today)
            return f"{formats.full_day(self.last)}{which} (UTC)"
        return (
            f"{formats.full_day(self.first)} to {formats.full_day(self.last)}: {self.days} whole days (UTC)"
        )

    @property
    def short(self) -> str:
        """`1 to 22 Nov`, for headings that the filter bar has explained already."""
        if self.cycle:
            return f"this cycle, since {formats.full_day(self.first)}"
        if self.days == 1:
            return formats.full_day(self.last)
        return f"{self.first.day} {self.first:%b} to {self.last.day} {self.last:%b}"

    @property
    def span(self) -> DaySpan:
        """What this period's totals count."""
        return span_of(self.cycle) if self.cycle else DaySpan(self.first, self.last)

    @property
    def shown_span(self) -> DaySpan:
        """What charts show."""
        return span_of(self.cycle) if self.cycle else DaySpan(self.first, self.last_shown)

    @property
    def in_weeks(self) -> Weekly:
        """Everybody's rows that this period's totals count, for sums that do not ask for the days."""
        return cycle_in_weeks(self.cycle) if self.cycle else in_weeks(self.first, self.last)


def whole_days(days: int, now: datetime, key: str = "", known_until: datetime | None = None) -> Period:
    """The `days` whole UTC days before today."""
    today = utc_day(now)
    first, last = today - timedelta(days=days), today - timedelta(days=1)
    return Period(key or f"{days}d", first, last, today, known_until=known_until)


def between(first: date, last: date, now: datetime, known_until: datetime | None = None) -> Period:
    """The whole UTC days from `first` to `last`, both included. Today is not over: it is a period only by
    itself."""
    today = utc_day(now)
    last = min(last, max(first, today - timedelta(days=1)))
    return Period(DATES, first, last, today, known_until=known_until)


def this_cycle(now: datetime, known_until: datetime | None = None) -> Period | None:
    """The cycle that `now` falls into, if one is known."""
    cycle = BillingCycle.objects.at(now)
    return of_cycle(cycle, now, known_until) if cycle else None


def from_dates(
    first: date, last: date, now: datetime, known_until: datetime | None, notes: list[str]
) -> Period:
    """The period from `first` to `last`, whichever is earlier. It is cut to days that can have usage, and to
    MOST_DAYS; what was not done as asked is noted.

    BadRequest if it has no such day.
    """
    if first > last:
        first, last = last, first
        notes.append("The days were the wrong way round and have been swapped")
    if first > utc_day(now):
        raise BadRequest(f"{first} has not begun yet (UTC). Choose days up to {utc_day(now)}.")
    if last < utc_day(EARLIEST):
        raise BadRequest(f"There is no usage before {EARLIEST:%Y}: choose later days than {last}.")
    period = between(max(first, utc_day(EARLIEST)), last, now, known_until)
    if period.days > MOST_DAYS:
        period = replace(period, first=period.last - timedelta(days=MOST_DAYS - 1))
        notes.append(f"A period has at most {MOST_DAYS} days, so this one begins later than asked")
    elif first < period.first:
        notes.append(f"There is no usage before {EARLIEST:%Y}, so the period begins then")
    if period.last < last:
        notes.append("Today is not included, as it is not over. Choose it alone to see it so far")
    return period


def of_cycle(cycle: BillingCycle, now: datetime, known_until: datetime | None = None) -> Period:
    """The cycle so far."""
    today = utc_day(now)
    return Period("cycle", utc_day(cycle.start_at), today - timedelta(days=1), today, cycle, known_until)


@dataclass(frozen=True)
class Comparison:
    """Whole known days of a period, and as many earlier ones that they are held against; all ends included.

    Rows of a cycle are cut where it turns, on either side.
    """

    first: date
    last: date
    earlier_first: date
    earlier_last: date
    cycle: BillingCycle | None = None
    earlier_cycle: BillingCycle | None = None

    @property
    def counted_rows(self) -> Q:
        """The rows of the period that are compared."""
        days = Q(day__gte=self.first, day__lte=self.last)
        return days & span_of(self.cycle).rows if self.cycle else days

    @property
    def earlier_rows(self) -> Q:
        """The rows that they are compared with."""
        days = Q(day__gte=self.earlier_first, day__lte=self.earlier_last)
        return days & span_of(self.earlier_cycle).rows if self.earlier_cycle else days

    def day_before(self, day: date) -> date | None:
        """The earlier day that `day` is held against; None for one that is not compared."""
        earlier = day - (self.first - self.earlier_first)
        return earlier if self.first <= day <= self.last and earlier <= self.earlier_last else None

    @property
    def days(self) -> str:
        """`1 to 30 Sep 2026`: the earlier days."""
        first, last = self.earlier_first, self.earlier_last
        if first == last:
            return formats.full_day(last)
        year = f" {first:%Y}" if first.year != last.year else ""
        return f"{first.day} {first:%b}{year} to {formats.full_day(last)}"


def comparison(
    period: Period, key: str, cycle: BillingCycle | None, last_cycle: BillingCycle | None
) -> Comparison | None:
    """What the period is held against; None where it has no whole known day, or no cycle is known for it.

    `before`: as many days right before; `cycle`: the same days of the last cycle. A cycle in progress has
    the last one before it, so that both are the same.
    """
    known_until = period.known_until
    whole = [
        day
        for day in days_between(period.first, period.last)
        if known_until is None or day_end(day) <= known_until
    ]
    if not whole:
        return None
    first, last = whole[0], whole[-1]
    if key == "before" and not period.cycle:
        shift = timedelta(days=period.days)
        return Comparison(first, last, first - shift, last - shift)
    if cycle is None or last_cycle is None:
        return None
    shift = utc_day(cycle.start_at) - utc_day(last_cycle.start_at)
    if not period.cycle:
        return Comparison(first, last, first - shift, last - shift)
    end = min(last - shift, utc_day(last_cycle.end_at))
    return Comparison(first, last, first - shift, end, cycle, last_cycle)


def cycle_comparison(
    cycle: BillingCycle, last_cycle: BillingCycle, now: datetime, known_until: datetime | None = None
) -> Comparison | None:
    """A cycle against the one before it: whole where it has ended, else the days that are over and known."""
    first, earlier_first = utc_day(cycle.start_at), utc_day(last_cycle.start_at)
    if cycle.end_at <= min(known_until or now, now):
        ends = utc_day(cycle.end_at), utc_day(last_cycle.end_at)
        return Comparison(first, ends[0], earlier_first, ends[1], cycle, last_cycle)
    return comparison(of_cycle(cycle, now, known_until), "cycle", cycle, last_cycle)


def no_cycle(now: datetime) -> str:
    """Why there is no present cycle, without a full stop. One query."""
    ended = BillingCycle.objects.newest(now)
    if ended is None:
        return "No billing cycle is known yet"
    end = formats.full_day(utc_day(ended.end_at))
    return f"The new billing cycle is not known yet: the last one ended on {end}"
