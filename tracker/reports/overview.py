"""Figures of the overview."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from decimal import Decimal
from functools import cached_property
from statistics import median

from collector.base import names
from collector.base.days import utc_day
from collector.base.spans import DaySpan
from detection.frame.outlier_days import outlier_days
from detection.vocabulary import Cause
from groups.models import BudgetSettings
from tracker.filters import Filters
from tracker.reports import bands, cycle, days
from tracker.reports.bands import MemberDays, Sums
from tracker.reports.cycle import Budget, CycleReport, Reconciled, heading, reconciled
from tracker.reports.days import Days
from tracker.reports.insights import Insights
from tracker.reports.limits import NearLimit, near_limit
from tracker.reports.open_incidents import OpenIncidents, open_incidents
from tracker.reports.pace import Pace, extra_paces, with_paces
from tracker.reports.people import Person
from tracker.reports.selection import model_day_rows
from tracker.reports.team import NO_GROUP, MemberFigures, Team
from tracker.reports.usage import Day
from tracker.widgets import formats, palette

TOP_SPENDERS = 7
A_WEEK = 7
# A member who joined within these days has had no time to begin.
NEWCOMER = timedelta(days=14)
# The team's first reading takes a while. Nobody knows how long those whom it lists have been there.
FIRST_READING = timedelta(days=1)


@dataclass(frozen=True)
class UnusedSeat:
    member: MemberFigures
    last_day: date | None  # of the last request ever
    since: date | None  # when the member joined; None if before the team was first read, or names are hidden


@dataclass(frozen=True)
class Driver:
    """Why a member's spend is what it is: the model most of it went to, and a comparison with the team."""

    model: palette.PaletteModel
    share: float  # of the member's spend
    cents_per_request: Decimal | None
    requests_multiple: float | None  # of the team's median member
    rate_multiple: float | None  # the member's cost per request over the team's

    @property
    def said(self) -> str:
        """What stands out against the team, if anything does."""
        found = []
        if self.requests_multiple and self.requests_multiple >= 1.5:
            found.append(f"{formats.multiple(self.requests_multiple)} the median member's requests")
        if self.rate_multiple and self.rate_multiple >= 1.5:
            found.append(f"{formats.multiple(self.rate_multiple)} the team's cost per request")
        return ", ".join(found)


class Overview:
    """Everything the overview shows. At most twenty queries; the budgets on the page add one."""

    def __init__(self, filters: Filters) -> None:
        self.filters, self.period = filters, filters.period
        self.team = Team(filters)
        self.this_cycle, self.last_cycle, first = filters.cycles
        if filters.comparison:
            first = min(first, filters.comparison.earlier_first)
        loaded = DaySpan(min(first, self.period.first), self.period.today)
        self.days: Days = days.load(model_day_rows.statement(self.team.selection, loaded))

    @cached_property
    def off_bill_range(self) -> tuple[float, float]:
        """What cheaper models would take off the invoice in all, at least and at most."""
        return Insights(self.filters, self.team).off_bill_range

    @cached_property
    def daily(self) -> list[Day]:
        """Each shown day: the period's whole days, then today so far."""
        return self.days.between(self.period.first, self.period.last_shown, self.period.cycle)

    @cached_property
    def whole_days(self) -> list[Day]:
        """The period's whole known days."""
        return [self.days.on(day, self.period.cycle) for day in self.period.averaged]

    @property
    def today(self) -> Day | None:
        """Today so far; None where nothing of it is known, or the period ended before."""
        is_shown = self.period.is_current and self.period.is_known(self.period.today)
        return self.daily[-1] if is_shown else None

    @cached_property
    def per_day(self) -> Day | None:
        """Averages of the period's whole known days; None where there is none yet."""
        total, count = days.added(self.whole_days), len(self.whole_days)
        if not count:
            return None
        return Day(total.total_cents / count, total.billed_cents / count, round(total.requests / count))

    @cached_property
    def outliers(self) -> list[bool]:
        """Which shown days are outliers: whole known days, and today so far."""
        cents, whole = ([day.total_cents for day in days] for days in (self.daily, self.whole_days))
        marks = outlier_days(cents, whole)
        judged = {*self.period.averaged, self.period.today}
        return [day in judged and mark for day, mark in zip(self.period.shown_days, marks, strict=True)]

    @cached_property
    def cycle(self) -> CycleReport | None:
        if self.this_cycle is None:
            return None
        found = cycle.report(
            self.this_cycle,
            self.last_cycle,
            self.days,
            self.team.palette.first_day,
            self.filters.now,
            self.period.known_until,
        )
        if not (found.forecast and self.paces):
            return found
        forecast = with_paces(found.forecast, list(self.paces.values()), self.this_cycle.end_at)
        return replace(found, forecast=forecast)

    @cached_property
    def paces(self) -> dict[int, Pace]:
        """Of members with an open incident, above their usual. One query where there are any."""
        until = self.period.seen_until(self.filters.now)
        if utc_day(until) < self.period.today or self.filters.model or self.filters.surface:
            return {}
        concerned = [pk for pk, person in self._named().items() if person.has_open_incident]
        return extra_paces(concerned, until) if concerned else {}

    @cached_property
    def reconciled(self) -> Reconciled | None:
        """Cursor's own total of the cycle, where nobody is excluded: it is the team's. One query."""
        if self.this_cycle is None or not self.team.selection.is_everything:
            return None
        return reconciled(self.this_cycle)

    @cached_property
    def budget(self) -> Budget | None:
        """The whole team's budget of a cycle, where one is set and nobody is excluded."""
        budgets = self.filters.budgets
        if not (budgets and budgets.team and self.cycle and self.team.selection.is_everything):
            return None
        cents = budgets.team * 100
        forecast = self.cycle.forecast
        reached = forecast.day_reaching(float(cents)) if forecast else None
        return Budget(cents, is_reached=self.cycle.spent.total_cents >= cents, day=reached)

    @property
    def course(self) -> str:
        """Whether the cycle is on course: where it is heading, against the budget or else the last cycle."""
        forecast = self.cycle.forecast if self.cycle else None
        if self.cycle is None or forecast is None:
            return ""
        if self.budget:
            return heading(forecast.expected_cents, self.budget.cents, "the budget")
        return heading(forecast.expected_cents, self.cycle.last_cents, "the last cycle")

    @cached_property
    def limits(self) -> list[NearLimit]:
        """Members at or near their spend limit in this cycle, narrowed as incidents are; without those at it
        where an open incident names them."""
        near = near_limit(self.team.stated_limits, self._named())
        is_listed = any(incident.cause == Cause.LIMIT for incident in self.incidents.found)
        return [limit for limit in near if not (is_listed and limit.is_reached)]

    def _named(self) -> dict[int, Person]:
        """Whom group and search name, whatever was used."""
        asked, text = self.filters, self.filters.search.casefold()
        return {
            pk: person
            for pk, person in self.team.people.items()
            if asked.visible is None or pk in asked.visible
            if text in person.name.casefold() or text in person.email.casefold()
            if not asked.group or self.team.groups.get(pk, NO_GROUP)[0] in asked.group.group_ids
        }

    @cached_property
    def seats(self) -> list[MemberFigures]:
        """Listed members who are on the team: what is paid for."""
        return [member for member in self.team.members if member.person.is_on_team]

    @cached_property
    def active_seats(self) -> list[MemberFigures]:
        return [seat for seat in self.seats if self.team.active_days.get(seat.person.pk)]

    @cached_property
    def unused_seats(self) -> list[UnusedSeat]:
        """Seats without an active day in what is known of the period."""
        return unused_seats(self._inactive_seats, self._spent_and_last[1], self.filters.now)

    @property
    def excused_seats(self) -> int:
        """Seats without an active day whose members are new, or manage Cursor."""
        return len(self._inactive_seats) - len(self.unused_seats)

    @cached_property
    def _inactive_seats(self) -> list[MemberFigures]:
        if self.period.is_unknown:
            return []
        return [seat for seat in self.seats if not self.team.active_days.get(seat.person.pk)]

    @cached_property
    def _spent_and_last(self) -> tuple[Sums, dict[int, date]]:
        """What is read of single members: daily sums, and the last days of inactive seats. One query."""
        return bands.spent_and_last(self.team, frozenset(seat.person.pk for seat in self._inactive_seats))

    @cached_property
    def unused_cents(self) -> Decimal | None:
        """What the unused seats cost a month; None where the price of a seat is unknown, and where they were
        unused for less than a week."""
        budgets = self.filters.budgets
        price = budgets.seat if budgets else BudgetSettings.get_solo().seat_dollars
        return len(self.unused_seats) * price * 100 if price and self.period.days >= A_WEEK else None

    @property
    def active_share(self) -> float | None:
        is_known = self.seats and not self.period.is_unknown
        return len(self.active_seats) / len(self.seats) if is_known else None

    @cached_property
    def incidents(self) -> OpenIncidents:
        return open_incidents(self.filters)

    @cached_property
    def lines_added(self) -> int:
        return sum(member.activity.lines_added for member in self.team.members)

    @cached_property
    def top_spenders(self) -> list[tuple[MemberFigures, Driver | None]]:
        """With the reason, measured against the median member and the team's cost per request."""
        requests = [used.requests for used in self.team.usage.by_member.values() if used.requests]
        usual = median(requests or [0])
        return [(member, self.driver(member, usual)) for member in self.team.spenders(TOP_SPENDERS)]

    def driver(self, member: MemberFigures, usual: float) -> Driver | None:
        most = self.team.usage.costliest(member.person.pk)
        if most is None or not member.totals.total_cents:
            return None
        rate, team_rate = member.totals.cents_per_request, self.team.totals.cents_per_request
        return Driver(
            model=self.team.palette.model(most.model),
            share=float(most.totals.total_cents / member.totals.total_cents),
            cents_per_request=most.totals.cents_per_request,
            requests_multiple=member.totals.requests / usual if usual else None,
            rate_multiple=float(rate / team_rate) if rate and team_rate else None,
        )

    @cached_property
    def daily_by_member(self) -> list[MemberDays]:
        """Spend by shown day of who spent most in these days, today among them, and of all the others."""
        totals = [day.total_cents for day in self.daily]
        return bands.draw(self.team, self._spent_and_last[0], totals)


def unused_seats(
    inactive: Sequence[MemberFigures], last: Mapping[int, date], now: datetime
) -> list[UnusedSeat]:
    """Of the `inactive`, neither newcomers nor owners of the organisation; `last` has their last requests."""
    if not inactive:
        return []
    reader = names.current()
    first = min(inactive[0].team.people.values(), key=lambda person: person.first_seen)
    begun = first.since + FIRST_READING
    return [
        UnusedSeat(
            seat,
            last.get(seat.person.pk),
            utc_day(seat.person.since)
            if seat.person.since > begun and not reader.hides(seat.person.pk)
            else None,
        )
        for seat in inactive
        if not (seat.person.is_owner or is_newcomer(seat.person.since, begun, now))
    ]


def is_newcomer(since: datetime, begun: datetime, now: datetime) -> bool:
    """Whether a member of `since` came lately, and after the team was first read."""
    return since > begun and since > now - NEWCOMER
