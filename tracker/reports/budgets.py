"""Budgets as pages, the API and digests show them: limited to what the reader may see."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime

from django.urls import reverse

from collector.base import names
from collector.base.days import utc_day
from collector.models import BillingCycle
from groups.assignments.membership import current
from groups.budgets.states import BudgetAmounts, BudgetScope, BudgetState, compute_states
from groups.small import shown_groups
from groups.tree import KnownGroup
from incidents.notifying.budgets import pace

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


def visible_states(
    states: Iterable[BudgetState], now: datetime, visible: Collection[int] | None
) -> list[BudgetState]:
    """Those of `states` that a reader may see: all, or those of the visible members and of their groups.

    None of a group that is too small for a reader to whom names are hidden.
    """
    if names.current().are_hidden:
        shown = shown_groups()
        states = [
            state
            for state in states
            if state.owner.scope is not BudgetScope.GROUP or shown[state.owner.id][0] == state.owner.id
        ]
    if visible is None:
        return list(states)
    held = current(utc_day(now))
    groups = {group.pk for pk in visible if (group := held.get(pk))}
    seen = {BudgetScope.GROUP: groups, BudgetScope.MEMBER: set(visible)}
    return [state for state in states if state.owner.id in seen.get(state.owner.scope, ())]


def budget_lines(
    cycle: BillingCycle,
    amounts: BudgetAmounts,
    now: datetime,
    known_until: datetime | None,
    visible: Collection[int] | None = None,
    group_ids: Collection[int] | None = None,
    groups: Sequence[KnownGroup] | None = None,
) -> list[BudgetLine]:
    """The team's and the groups' budgets, and members' that are reached or about to be; none where the team's
    is the only one, which is shown with the forecast.

    `group_ids` are the groups that a filter chose: theirs alone then. `groups` are all, where they are known.
    """
    if not amounts.has_any:
        return []
    states = compute_states(cycle, now, amounts, known_until, least_ratio=WARNING_RATIO, groups=groups)
    return [
        budget_line(state)
        for state in visible_states(states, now, visible)
        if is_listed(state, group_ids) and (group_ids is None or state.owner.scope is BudgetScope.GROUP)
    ]


def is_listed(state: BudgetState, group_ids: Collection[int] | None) -> bool:
    return state.owner.scope is not BudgetScope.GROUP or group_ids is None or state.owner.id in group_ids


def budget_line(state: BudgetState) -> BudgetLine:
    return BudgetLine(state, owner_path(state), pace(state))


def owner_path(state: BudgetState) -> str:
    """The page that shows most of the budget's spend."""
    if state.owner.scope is BudgetScope.MEMBER:
        return reverse("member", args=[state.owner.email])
    query = {"group": state.owner.name} if state.owner.scope is BudgetScope.GROUP else None
    return reverse("overview", query=query)
