"""Figures of the overview."""

from collections.abc import Container
from dataclasses import replace
from datetime import date, timedelta
from decimal import Decimal
from functools import cached_property
from statistics import median
from typing import NamedTuple

from collector.base import names
from collector.base.days import utc_day
from collector.base.spans import DaySpan
from detection.frame.outlier_days import outlier_days
from detection.vocabulary import Cause
from groups.models import BudgetSettings
from tracker.filters import Filters
from tracker.reports import bands, cycle, days
from tracker.reports.cycle import Budget, CycleReport, Reconciled, heading, reconciled
from tracker.reports.incidents import OpenIncidents, open_incidents
from tracker.reports.limits import StatedLimit
from tracker.reports.pace import Pace, extra_paces, with_paces
from tracker.reports.people import Person
from tracker.reports.savings import added, savings
from tracker.reports.selection import model_day_rows
from tracker.reports.team import NO_ACTIVITY, NO_GROUP, Team
from tracker.reports.usage import Day, Totals
from tracker.widgets import formats
from tracker.widgets.palette import PaletteModel
from tracker.widgets.tables import LONG_ROWS

TOP_SPENDERS = 7
A_WEEK = 7
# A member who joined within these days has had no time to begin.
NEWCOMER = timedelta(days=14)
# The team's first reading takes a while. Nobody knows how long those whom it lists have been there.
FIRST_READING = timedelta(days=1)
# From so much of the limit on, a member may be stopped within a day of ordinary work.
NEAR_RATIO = Decimal("0.9")


class Seats(NamedTuple):
    """Listed members who are on the team: what is paid for."""

    paid: list[Person]
    active: list[Person]
    idle: list[Person]  # without an active day in what is known of the period
    active_share: float | None


class UnusedSeat(NamedTuple):
    person: Person
    group: str
    last_day: date | None  # of the last request ever
    since: date | None  # when the member joined; None if before the team was first read, or names are hidden


class Spender(NamedTuple):
    """Why a member's spend is what it is: the model most of it went to, and a comparison with the team."""

    person: Person
    totals: Totals
    model: PaletteModel
    share: float  # of the member's spend
    cents_per_request: Decimal | None  # of that model
    said: str  # what stands out against the team, if anything does


class Overview:
    """Everything the overview shows. At most twenty queries; the budgets on the page add one."""

    def __init__(self, filters: Filters) -> None:
        self.filters, period = filters, filters.period
        self.period, self.team = period, Team(filters, shown=LONG_ROWS[0])
        self.this_cycle, self.last_cycle, first = filters.cycles
        if filters.comparison:
            first = min(first, filters.comparison.earlier_first)
        loaded = DaySpan(min(first, period.first), period.today)
        rows = model_day_rows.statement(self.team.selection, loaded)
        if self.team.selection.is_everything:
            self.days, self.team.model_sums = days.load_models(rows, period.span)
        else:
            self.days = days.load(rows)
        # Each shown day: the period's whole days, then today so far, where anything of it is known.
        self.daily = self.days.between(period.first, period.last_shown, period.cycle)
        self.today = self.daily[-1] if period.is_current and period.is_known(period.today) else None
        # The period's whole known days, and their average where there is any.
        self.whole_days = [self.days.on(day, period.cycle) for day in period.averaged]
        total, count = days.added(self.whole_days), len(self.whole_days)
        self.per_day: Day | None = None
        if count:
            requests = round(total.requests / count)
            self.per_day = Day(total.total_cents / count, total.billed_cents / count, requests)

    @property
    def off_bill_range(self) -> tuple[float, float]:
        """What cheaper models would take off the invoice in all, at least and at most."""
        team = self.team
        return added(
            saving.off_bill for saving in savings(team.all_usage, team.usage, team.person_ids, team.palette)
        )

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
        if self.filters.model or self.filters.surface:
            return {}
        people = self.team.people.values()
        named = (person for person in people if person.has_open_incident and person.pk in self.named)
        return extra_paces(named, self.period, self.filters.now)

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
    def limits(self) -> list[tuple[Person, StatedLimit]]:
        """Members at or near their spend limit in this cycle, the furthest first, narrowed as incidents are;
        without those at it where an open incident names them."""
        is_listed = any(incident.cause == Cause.LIMIT for incident in self.incidents.found)
        near = [
            (spent / limit.limit_cents, limit)
            for limit in self.team.stated_limits
            if limit.member_id in self.named and (spent := limit.on_demand_cents) is not None
            if spent >= NEAR_RATIO * limit.limit_cents and not (is_listed and limit.is_reached)
        ]
        near.sort(key=lambda pair: -pair[0])
        return [(self.named[limit.member_id], limit) for _, limit in near]

    @cached_property
    def named(self) -> dict[int, Person]:
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
    def here(self) -> Container[int]:
        """Who is in the group asked for at the end of the period: spend stays where somebody has left, and
        the seat does not."""
        if self.filters.group is None:
            return self.team.people
        group_ids, held = self.filters.group.group_ids, self.team.groups
        return {pk for pk in self.team.people if held.get(pk, NO_GROUP)[0] in group_ids}

    @cached_property
    def seats(self) -> Seats:
        active_days, is_unknown = self.team.everybody.active_days, self.period.is_unknown
        paid = [person for person in self.team.listed if person.is_on_team and person.pk in self.here]
        active = [person for person in paid if active_days.get(person.pk)]
        idle = [] if is_unknown else [person for person in paid if not active_days.get(person.pk)]
        return Seats(paid, active, idle, None if is_unknown or not paid else len(active) / len(paid))

    @cached_property
    def unused_seats(self) -> list[UnusedSeat]:
        """Of idle seats, those of neither newcomers nor owners of the organisation, nor in use today."""
        if not self.seats.idle:
            return []
        reader, last_days, groups = names.current(), self.spent.last_days, self.team.groups
        first = min(self.team.people.values(), key=lambda person: person.first_seen)
        begun, unused, today = first.since + FIRST_READING, [], self.period.today
        is_long_until_now = self.period.is_current and self.period.days >= A_WEEK
        for person in self.seats.idle:
            since, pk = person.since, person.pk
            if is_long_until_now and last_days.get(pk) == today:
                continue
            came_lately = since > begun and since > self.filters.now - NEWCOMER
            if not (person.is_owner or came_lately):
                known_since = utc_day(since) if since > begun and not reader.hides(pk) else None
                unused.append(UnusedSeat(person, groups.get(pk, NO_GROUP)[1], last_days.get(pk), known_since))
        return unused

    @property
    def excused_seats(self) -> int:
        """Seats without an active day whose members are new, manage Cursor, or began or came back today."""
        return len(self.seats.idle) - len(self.unused_seats)

    @cached_property
    def unused_cents(self) -> Decimal | None:
        """What the unused seats cost a month; None where the price of a seat is unknown, and where they were
        unused for less than a week."""
        budgets = self.filters.budgets
        price = budgets.seat if budgets else BudgetSettings.get_solo().seat_dollars
        return len(self.unused_seats) * price * 100 if price and self.period.days >= A_WEEK else None

    @cached_property
    def incidents(self) -> OpenIncidents:
        return open_incidents(self.filters)

    @property
    def lines_added(self) -> int:
        activity = self.team.activity
        return sum(activity.get(person.pk, NO_ACTIVITY).lines_added for person in self.team.listed)

    @cached_property
    def top_spenders(self) -> list[Spender]:
        """With the reason, measured against the median member and the team's cost per request."""
        used, team_rate = self.team.by_member, self.team.totals.cents_per_request
        usual = median([own.requests for own in used.values() if own.requests] or [0])
        spenders = []
        for person in self.team.spenders(TOP_SPENDERS):
            totals, most, reasons = used[person.pk], self.team.usage.costliest(person.pk), []
            if most is None:  # never of who has spent anything
                continue
            if usual and (multiple := totals.requests / usual) >= 1.5:
                reasons.append(f"{formats.multiple(multiple)} the median member's requests")
            rate = totals.cents_per_request
            if rate and team_rate and (multiple := float(rate / team_rate)) >= 1.5:
                reasons.append(f"{formats.multiple(multiple)} the team's cost per request")
            model, own = self.team.palette.model(most.model), most.totals
            share, rate = float(own.total_cents / totals.total_cents), own.cents_per_request
            spenders.append(Spender(person, totals, model, share, rate, ", ".join(reasons)))
        return spenders

    @cached_property
    def spent(self) -> bands.Spent:
        """What is read of single members. One query."""
        return bands.read_spent(self.team, frozenset(person.pk for person in self.seats.idle))

    @cached_property
    def daily_by_member(self) -> list[bands.MemberDays]:
        """Spend by shown day of who spent most in these days, today among them, and of all the others."""
        return bands.member_days(self.team, self.spent.micro, self.daily)
