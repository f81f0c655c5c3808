"""Spend of every group, with its parents as sums: this period, the one before, and the cycle's end."""

from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from functools import cached_property
from itertools import pairwise
from typing import NamedTuple

from collector.base.money import cents
from collector.base.spans import DaySpan
from collector.facts.forecast import Forecast
from groups.assignments.membership import UNASSIGNED, sums_by_group
from groups.small import shown_paths
from groups.tree import GroupOption, group_options
from tracker.filters import Filters
from tracker.reports import people
from tracker.reports.changes import Change
from tracker.reports.cycle import cycle_forecast
from tracker.reports.days import Days, added, merged
from tracker.reports.pace import Pace, extra_paces, with_paces
from tracker.reports.people import Person
from tracker.reports.selection import Selection, day_rows
from tracker.reports.usage import Day
from tracker.widgets.palette import PaletteModel

TREND_DAYS = 28


def parents(options: Sequence[GroupOption]) -> set[str]:
    """The paths of those in the order of the tree that have others below them."""
    return {option.path for option, following in pairwise(options) if following.depth > option.depth}


class Used(NamedTuple):
    """What one member did in a period while in one group."""

    requests: int = 0
    total_cents: Decimal = Decimal(0)


NOT_USED = Used()


@dataclass(frozen=True)
class TeamRow:
    """One group with everything below it. Money in cents."""

    option: GroupOption
    is_parent: bool
    seats: int  # people on the team who are in it at the end of the period
    active: int  # of these seats, those with a request in the period, while in it
    requesters: int  # people with one, whether they are still in it or not
    spend: Day
    change: Change | None  # None where nothing is known of the days before
    forecast: Forecast | None  # of the present cycle
    model: PaletteModel | None  # with the most spend
    spender: tuple[Person, Decimal] | None  # who spent most in the period while in it, and how much
    trend: list[Decimal]  # spend of each of the last TREND_DAYS whole days
    daily: list[Decimal]  # spend of each shown day of the period, today last

    @property
    def cents(self) -> Decimal:
        return self.spend.total_cents

    @property
    def forecast_cents(self) -> float | None:
        return self.forecast.expected_cents if self.forecast else None

    @property
    def cents_per_active(self) -> Decimal | None:
        return self.spend.total_cents / self.requesters if self.requesters else None

    @property
    def on_demand_share(self) -> float | None:
        spend = self.spend
        return float(spend.billed_cents / spend.total_cents) if spend.total_cents else None


class Teams:
    """Every group that spent anything or has a seat. About a dozen queries, whatever the team's size."""

    def __init__(self, filters: Filters) -> None:
        self.filters, self.period = filters, filters.period
        self.visible = Selection(member_ids=filters.visible)
        self.cycle, _, cycle_start = filters.cycles
        self.comparison = filters.comparison_by(filters.compare or "before")
        self.trend_start = self.period.today - timedelta(days=TREND_DAYS)
        starts = [cycle_start, self.trend_start, self.period.first]
        self.by_group = self._by_day(
            min([*starts, self.comparison.earlier_first] if self.comparison else starts)
        )
        self.people = people.everybody(self.period.end)
        self.models: dict[int, dict[str, Decimal]] = defaultdict(lambda: defaultdict(Decimal))
        self.used: dict[int, dict[int, Used]] = defaultdict(dict)
        self._load_used()
        self.seats = self._seats()
        self.paces = self._paces()

    @cached_property
    def rows(self) -> list[TeamRow]:
        """In the order of the tree, parents before children, Unassigned last."""
        tree, wanted = self.groups(), self.filters.group.group_ids if self.filters.group else None
        shown = [option for option in tree if wanted is None or option.group_ids <= wanted]
        folded = parents(shown)
        rows = [self.row(option, option.path in folded) for option in shown]
        return [
            row
            for row in rows
            if row.seats or row.spend.total_cents or (row.change and row.change.before_cents)
        ]

    @cached_property
    def everything(self) -> GroupOption:
        """All of these groups."""
        everybody = frozenset({*self.by_group, *self.seats, *self.used})
        group = self.filters.group
        return GroupOption("", "All groups", 0, group.group_ids if group else everybody)

    @property
    def total(self) -> TeamRow:
        """Everybody whom the reader may see."""
        return self.row(self.everything, is_parent=False)

    @property
    def days(self) -> Days:
        return self.days_of(self.everything.group_ids)

    @property
    def top(self) -> list[TeamRow]:
        """The groups that are no part of another."""
        return [row for row in self.rows if row.option.depth == 0]

    def days_of(self, group_ids: Collection[int]) -> Days:
        return merged([self.by_group[pk] for pk in group_ids if pk in self.by_group])

    def groups(self) -> list[GroupOption]:
        """Open groups, and closed ones that spent something in these days, unless a group is chosen."""
        if self.filters.options:
            return list(self.filters.options)
        known = self.filters.groups
        names = {group.pk: group.name for group in known if not group.closed_day or group.pk in self.by_group}
        return group_options(shown_paths(names))

    def row(self, option: GroupOption, is_parent: bool) -> TeamRow:
        days, period, requesters = self.days_of(option.group_ids), self.period, self.requesters(option)
        trend = days.between(self.trend_start, period.today - timedelta(days=1))
        daily = days.between(period.first, period.last_shown, period.cycle)
        return TeamRow(
            option=option,
            is_parent=is_parent,
            seats=sum(self.seats.get(pk, 0) for pk in option.group_ids),
            active=sum(self.holds(option, member_id) for member_id in requesters),
            requesters=len(requesters),
            spender=self.spender(option.group_ids),
            spend=added(days.between(period.first, period.end, period.cycle)),
            change=self.change(days),
            forecast=self.forecast(option, days),
            model=self.main_model(option.group_ids),
            trend=[day.total_cents for day in trend],
            daily=[day.total_cents for day in daily],
        )

    def requesters(self, option: GroupOption) -> set[int]:
        """Ids of people with a request in the period, while in the group."""
        return {
            member_id
            for pk in option.group_ids
            for member_id, used in self.used.get(pk, {}).items()
            if used.requests and self.people[member_id].is_person
        }

    def holds(self, option: GroupOption, member_id: int) -> bool:
        """Whether the member's seat is one of the group's at the end of the period."""
        person = self.people[member_id]
        return person.is_on_team and (person.group_id or UNASSIGNED) in option.group_ids

    def change(self, days: Days) -> Change | None:
        held = self.comparison
        if held is None:
            return None
        compared = days.between(held.first, held.last, held.cycle)
        earlier = days.between(held.earlier_first, held.earlier_last, held.earlier_cycle)
        return Change(added(compared).total_cents, added(earlier).total_cents)

    def forecast(self, option: GroupOption, days: Days) -> Forecast | None:
        seen_at = self.period.seen_until(self.filters.now)
        usual = cycle_forecast(self.cycle, days, seen_at) if self.cycle else None
        if usual is None or self.cycle is None:
            return None
        paces = [pace for pk in option.group_ids for pace in self.paces.get(pk, [])]
        return with_paces(usual, paces, self.cycle.end_at)

    def main_model(self, group_ids: Collection[int]) -> PaletteModel | None:
        sums: dict[str, Decimal] = defaultdict(Decimal)
        for group_id in group_ids:
            for model, spent in self.models.get(group_id, {}).items():
                sums[model] += spent
        largest = max(sums, key=lambda model: sums[model], default=None)
        return self.filters.palette.model(largest) if largest is not None and sums[largest] else None

    def _by_day(self, first: date) -> Mapping[int, Days]:
        """By group. One query."""
        by_group = defaultdict[int, Days](lambda: Days({}))
        rows = day_rows.statement(self.visible, DaySpan(first, self.period.today))
        sums = sums_by_group(rows, *Day._fields, keys=("day", "is_after_turn"))
        for group_id, day, is_after_turn, (total, billed, requests) in sums:
            by_group[group_id].sums[day, bool(is_after_turn)] = Day(cents(total), cents(billed), requests)
        return by_group

    def _load_used(self) -> None:
        """Of the period, by group and model, and by group and member."""
        rows, keys = day_rows.statement(self.visible, self.period.span), ("member_id", "model")
        weekly = self.period.in_weeks if self.filters.visible is None else None
        for group_id, pk, model, (requests, total) in sums_by_group(
            rows, *Used._fields, keys=keys, weekly=weekly
        ):
            spent = cents(total)
            self.models[group_id][model] += spent
            known = self.used[group_id].get(pk, NOT_USED)
            self.used[group_id][pk] = Used(known.requests + requests, known.total_cents + spent)

    def _seats(self) -> Mapping[int, int]:
        found: dict[int, int] = defaultdict(int)
        for pk, person in self.people.items():
            if person.is_on_team and self.visible.keeps_member(pk):
                found[person.group_id or UNASSIGNED] += 1
        return found

    def spender(self, group_ids: Collection[int]) -> tuple[Person, Decimal] | None:
        """Who spent most while in the groups, and how much."""
        sums: dict[int, Decimal] = defaultdict(Decimal)
        for group_id in group_ids:
            for pk, used in self.used.get(group_id, {}).items():
                sums[pk] += used.total_cents
        largest = max(sums, key=lambda pk: sums[pk], default=None)
        return (self.people[largest], sums[largest]) if largest is not None and sums[largest] else None

    def _paces(self) -> Mapping[int, list[Pace]]:
        """By group, of its members with an open incident."""
        seen = [person for pk, person in self.people.items() if self.visible.keeps_member(pk)]
        found: dict[int, list[Pace]] = defaultdict(list)
        for pk, pace in extra_paces(seen, self.period, self.filters.now).items():
            found[self.people[pk].group_id or UNASSIGNED].append(pace)
        return found
