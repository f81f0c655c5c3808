"""How every budget of a cycle stands: spent, share, forecast, and the day on which it is reached."""

from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from decimal import Decimal
from enum import StrEnum
from functools import cache, cached_property, partial
from typing import NamedTuple

from django.db.models import OuterRef, Subquery, Sum

from collector.base.days import days_between, utc_day
from collector.base.money import cents
from collector.facts.forecast import Forecast, forecast, remaining_days
from collector.models import BillingCycle, Member
from groups.names import key
from groups.tree import KnownGroup, group_options, load_groups

from .amounts import BudgetAmounts
from .models import TEAM
from .spending import DailyCents, RollupRows, days_of_rows, group_days, member_days, spent_rows

# Members whose days are read with one query: a page shows no more, and their rows fit in memory.
BATCH = 100


class BudgetScope(StrEnum):
    TEAM = "team"
    GROUP = "group"
    MEMBER = "member"


@dataclass(frozen=True)
class BudgetOwner:
    """Whose budget it is. `id` is 0 for the team; `email` is a member's."""

    scope: BudgetScope
    id: int
    name: str
    email: str = ""

    @property
    def target(self) -> str:
        """How its steps are stored: `team`, `group:5`, `member:7`."""
        return TEAM if self.scope is BudgetScope.TEAM else f"{self.scope}:{self.id}"


@dataclass(frozen=True)
class BudgetState:
    """One budget of one cycle. Money is in cents; `reached_on` is None where the forecast stays within."""

    owner: BudgetOwner
    budget_cents: Decimal
    spent_cents: Decimal
    expect: Callable[[], Forecast | None]  # makes the forecast, which most budgets are never asked for
    cursor_limit_dollars: Decimal | None = None  # the group's limit in Cursor

    @cached_property
    def forecast(self) -> Forecast | None:
        return self.expect()

    @property
    def ratio(self) -> float:
        """Spent over budget: 0.5 is half of it."""
        return float(self.spent_cents / self.budget_cents)

    @property
    def is_reached(self) -> bool:
        return self.spent_cents >= self.budget_cents

    @property
    def reached_on(self) -> date | None:
        """The day on which the budget is reached at this pace; None once it is, or if it is not."""
        if self.is_reached or self.forecast is None:
            return None
        return self.forecast.day_reaching(float(self.budget_cents))

    @property
    def is_ahead(self) -> bool:
        """Whether the forecast goes beyond a budget that is not reached yet."""
        return self.reached_on is not None

    def reached_steps(self, percentages: Iterable[int]) -> list[int]:
        """Which of the steps the spend has reached, ascending."""
        return [step for step in percentages if self.spent_cents * 100 >= self.budget_cents * step]


def compute_states(
    cycle: BillingCycle,
    now: datetime,
    amounts: BudgetAmounts,
    known_until: datetime | None,
    *,
    least_ratio: float = 0.0,
    first_members: int = 0,
    groups: Sequence[KnownGroup] | None = None,
) -> list[BudgetState]:
    """The team's budget, then the groups' by name, then the members' by share, from `least_ratio` of it on.

    Three queries at most, one fewer where `groups` are given. The days that forecasts look at are read along
    for the `first_members`, and for a hundred others when the first of them is asked for. `known_until`: up
    to when usage is known, None before it was ever read.
    """
    seen_at = min(known_until or now, now)
    members = _member_budgets(cycle, now, amounts, least_ratio)
    first = [budget.member.pk for budget in members[:first_members]]
    by_group: Mapping[int, DailyCents] = {}
    days_read: Mapping[int, DailyCents] = {}
    if amounts.team or amounts.groups:
        by_group, by_member = group_days(cycle, now, first)
        days_read = dict.fromkeys(first, {}) | by_member
    owner, everybody = BudgetOwner(BudgetScope.TEAM, 0, "The team"), list(by_group.values())
    return [
        *([_state(cycle, seen_at, owner, amounts.team, everybody)] if amounts.team else []),
        *_group_states(cycle, seen_at, amounts, by_group, groups),
        *_member_states(cycle, now, seen_at, members, days_read),
    ]


def _group_states(
    cycle: BillingCycle,
    now: datetime,
    amounts: BudgetAmounts,
    by_group: Mapping[int, DailyCents],
    groups: Sequence[KnownGroup] | None,
) -> Iterable[BudgetState]:
    """Closed groups count too, above and below: the days on which they held members are theirs."""
    if not amounts.groups:
        return
    by_id = {group.pk: group for group in (load_groups() if groups is None else groups)}
    names = {pk: group.name for pk, group in by_id.items()}
    covered = {key(option.path): option.group_ids for option in group_options(names)}
    # A cycle that is over may have had the budget of a group that was removed with its import since.
    for group in sorted(filter(None, map(by_id.get, amounts.groups)), key=lambda group: key(group.name)):
        pk = group.pk
        if group.closed_day and group.closed_day <= utc_day(cycle.start_at):
            continue
        ids = covered[key(group.name)]
        owner = BudgetOwner(BudgetScope.GROUP, pk, group.name)
        parts = [by_group[group_id] for group_id in ids if group_id in by_group]
        yield _state(cycle, now, owner, amounts.groups[pk], parts, group.cursor_limit_dollars)


class _MemberBudget(NamedTuple):
    member: Member
    dollars: Decimal
    spent_cents: Decimal

    @property
    def ratio(self) -> float:
        return float(self.spent_cents / (self.dollars * 100))


def _member_budgets(
    cycle: BillingCycle, now: datetime, amounts: BudgetAmounts, least_ratio: float
) -> list[_MemberBudget]:
    """Of people on the team, and of whoever has a budget of their own, largest share first."""
    if not (amounts.members or amounts.each_member):
        return []
    spent = spent_rows(cycle, now).in_cycle(cycle).filter(member=OuterRef("pk")).order_by().values("member")
    members = Member.objects.people().annotate(spent=Subquery(spent.values(sum=Sum("total_cents"))))
    budgets = [
        _MemberBudget(member, dollars, cents(member.spent))
        for member in members.only("name", "email", "gone_at", "is_removed")
        if (dollars := amounts.of_member(member))
    ]
    reached = [budget for budget in budgets if budget.ratio >= least_ratio]
    reached.sort(key=lambda budget: (-budget.ratio, str(budget.member), budget.member.shown_email))
    return reached


def _member_states(
    cycle: BillingCycle,
    now: datetime,
    seen_at: datetime,
    budgets: Sequence[_MemberBudget],
    days_read: Mapping[int, DailyCents],
) -> Iterable[BudgetState]:
    """In the order of `budgets`; `days_read` are known already."""
    pks = [budget.member.pk for budget in budgets]

    @cache
    def batch(number: int) -> dict[int, DailyCents]:
        return member_days(cycle, now, pks[number * BATCH : (number + 1) * BATCH])

    def expect(place: int, pk: int) -> Forecast | None:
        days = days_read[pk] if pk in days_read else batch(place // BATCH).get(pk, {})
        return _forecast_of(cycle, seen_at, [days])

    for place, (member, dollars, spent_cents) in enumerate(budgets):
        forecast_of_it = partial(expect, place, member.pk)
        yield BudgetState(_member_owner(member), dollars * 100, spent_cents, forecast_of_it)


def member_state(
    member: Member,
    cycle: BillingCycle,
    now: datetime,
    amounts: BudgetAmounts,
    known_until: datetime | None,
    rows: RollupRows,
) -> BudgetState | None:
    """One member's budget; None where there is none. `rows` are the member's, as `days_of_rows` asks."""
    dollars = amounts.of_member(member) if member.kind == Member.Kind.PERSON else None
    if not dollars:
        return None
    parts = [days_of_rows(cycle, now, rows)]
    return _state(cycle, min(known_until or now, now), _member_owner(member), dollars, parts)


def _member_owner(member: Member) -> BudgetOwner:
    return BudgetOwner(BudgetScope.MEMBER, member.pk, str(member), member.shown_email)


def _state(
    cycle: BillingCycle,
    now: datetime,
    owner: BudgetOwner,
    dollars: Decimal,
    parts: Sequence[DailyCents],
    cursor_limit_dollars: Decimal | None = None,
) -> BudgetState:
    spent = _cycle_cents(parts)
    expect = partial(_forecast_of, cycle, now, parts)
    return BudgetState(owner, dollars * 100, spent, expect, cursor_limit_dollars)


def _cycle_cents(parts: Iterable[DailyCents], day: date | None = None) -> Decimal:
    """What lies in the cycle, or on that day of it."""
    cents = (
        spent
        for part in parts
        for (on, is_in_cycle), spent in part.items()
        if is_in_cycle and day in (None, on)
    )
    return sum(cents, Decimal(0))


def _forecast_of(cycle: BillingCycle, now: datetime, parts: Sequence[DailyCents]) -> Forecast | None:
    """Based on the days since the first one with spend. None for a cycle that is not under way."""
    by_day = defaultdict[date, Decimal](Decimal)
    for part in parts:
        for (day, _), spent in part.items():
            by_day[day] += spent
    if not by_day or not cycle.start_at <= now < cycle.end_at:
        return None
    today = utc_day(now)
    days = days_between(min(by_day), today - timedelta(days=1))
    history = [(day, float(by_day[day])) for day in days]
    today_cents, whole = _cycle_cents(parts, today), _cycle_cents(parts)
    return forecast(history, float(whole - today_cents), float(today_cents), remaining_days(cycle, today))
