"""Budgets as pages, the API and digests show them: limited to what the reader may see."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime

from django.urls import reverse

from collector.base.days import utc_day
from collector.models import BillingCycle, Member
from groups.assignments.membership import current
from groups.budgets.states import BudgetScope, BudgetState
from groups.models import BudgetSettings, CycleBudget
from groups.small import shown_groups
from incidents.notifying.budgets import budget_states, pace

WARNING_RATIO = 0.8


@dataclass(frozen=True)
class BudgetLine:
    """One budget in a list."""

    state: BudgetState
    url: str
    pace: str

    @property
    def percent(self) -> int:
        return round(self.state.ratio * 100)

    @property
    def meter(self) -> float:
        """The share that a bar shows, at most all of it."""
        return min(self.state.ratio, 1.0)

    @property
    def tone(self) -> str:
        if self.state.is_reached:
            return "critical"
        return "warning" if self.state.ratio >= WARNING_RATIO or self.state.is_ahead else "plain"


def has_budgets() -> bool:
    """Whether a group or a member has one; the team's alone is shown with the forecast. One query."""
    common = BudgetSettings.objects.filter(member_budget_dollars__gt=0).values("pk")
    return CycleBudget.objects.order_by().values("pk").union(common).exists()


def visible_states(cycle: BillingCycle, now: datetime, visible: Collection[int] | None) -> list[BudgetState]:
    """Budgets of `cycle` that a reader may see: all, or those of the visible members and of their groups."""
    shown = shown_groups()
    states = [
        state
        for state in budget_states(cycle, now)
        if state.owner.scope is not BudgetScope.GROUP or shown[state.owner.id][0] == state.owner.id
    ]
    if visible is None:
        return states
    held = current(utc_day(now))
    groups = {group.pk for pk in visible if (group := held.get(pk))}
    seen = {BudgetScope.GROUP: groups, BudgetScope.MEMBER: set(visible)}
    return [state for state in states if state.owner.id in seen.get(state.owner.scope, ())]


def budget_lines(
    cycle: BillingCycle,
    now: datetime,
    visible: Collection[int] | None = None,
    group_ids: Collection[int] | None = None,
) -> list[BudgetLine]:
    """The team's and the groups' budgets, and members' that are reached or about to be.

    `group_ids` are the groups that a filter chose: theirs alone then.
    """
    return [
        budget_line(state)
        for state in visible_states(cycle, now, visible)
        if is_listed(state, group_ids) and (group_ids is None or state.owner.scope is BudgetScope.GROUP)
    ]


def is_listed(state: BudgetState, group_ids: Collection[int] | None) -> bool:
    if state.owner.scope is BudgetScope.GROUP:
        return group_ids is None or state.owner.id in group_ids
    return state.owner.scope is BudgetScope.TEAM or state.ratio >= WARNING_RATIO


def budget_line(state: BudgetState) -> BudgetLine:
    return BudgetLine(state, owner_path(state), pace(state))


def member_budget_line(member: Member, now: datetime) -> BudgetLine | None:
    """The member's budget of the present cycle; None where there is none."""
    cycle = BillingCycle.objects.at(now) if has_budgets() else None
    if cycle is None:
        return None
    shown = shown_groups()
    states = [
        state
        for state in budget_states(cycle, now)
        if state.owner.scope is not BudgetScope.GROUP or shown[state.owner.id][0] == state.owner.id
    ]
    own = (s for s in states if (s.owner.scope, s.owner.id) == (BudgetScope.MEMBER, member.pk))
    return next(map(budget_line, own), None)


def owner_path(state: BudgetState) -> str:
    """The page that shows most of the budget's spend."""
    if state.owner.scope is BudgetScope.MEMBER:
        return reverse("member", args=[state.owner.email])
    query = {"group": state.owner.name} if state.owner.scope is BudgetScope.GROUP else None
    return reverse("overview", query=query)
