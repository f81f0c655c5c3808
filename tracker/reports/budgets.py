"""Budgets as pages, the API and digests show them: limited to what the reader may see."""

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from decimal import Decimal

from django.urls import reverse

from collector.base import names
from collector.base.days import utc_day
from collector.models import BillingCycle
from groups.assignments.membership import held_groups
from groups.budgets.amounts import BudgetAmounts
from groups.budgets.states import BudgetScope, BudgetState, compute_states
from groups.small import shown_paths
from groups.tree import KnownGroup, load_groups
from incidents.notifying.budgets import budget_amounts, pace

WARNING_RATIO = 0.8
MOST_LISTED = 10  # beside a page's figures
# Unlike those of a page, a group's row and a member.
FORECASTS = "Forecasts here exclude what open incidents add."


@dataclass(frozen=True)
class BudgetLine:
    """One budget in a list."""

    state: BudgetState

    @property
    def url(self) -> str:
        """The page that shows most of the budget's spend."""
        owner = self.state.owner
        if owner.scope is BudgetScope.MEMBER:
            return reverse("member", args=[owner.email])
        query = {"group": owner.name} if owner.scope is BudgetScope.GROUP else None
        return reverse("overview", query=query)

    @property
    def pace(self) -> str:
        return pace(self.state)

    @property
    def percent(self) -> int:
        return round(self.state.ratio * 100)

    @property
    def limit_cents(self) -> Decimal | None:
        """The group's limit in Cursor, which is of a calendar month."""
        dollars = self.state.cursor_limit_dollars
        return None if dollars is None else dollars * 100

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
    states: Iterable[BudgetState],
    now: datetime,
    visible: Collection[int] | None,
    groups: Sequence[KnownGroup] | None = None,
) -> list[BudgetState]:
    """Those of `states` that a reader may see: all, or those of the visible members and of their groups.

    None of a group that is too small for a reader to whom names are hidden.
    """
    if names.current().are_hidden:
        paths = {group.pk: group.name for group in (load_groups() if groups is None else groups)}
        shown = shown_paths(paths)
        states = [
            state
            for state in states
            if state.owner.scope is not BudgetScope.GROUP or shown[state.owner.id] == state.owner.name
        ]
    if visible is None:
        return list(states)
    held = held_groups(utc_day(now))
    own = {group_id for pk in visible if (group_id := held.get(pk))}
    seen = {BudgetScope.GROUP: own, BudgetScope.MEMBER: set(visible)}
    return [state for state in states if state.owner.id in seen.get(state.owner.scope, ())]


@dataclass(frozen=True)
class BudgetPanel:
    """The budgets that a page lists beside its figures, and how many more it would have."""

    lines: Sequence[BudgetLine] = ()
    more: int = 0


def budget_panel(
    cycle: BillingCycle,
    amounts: BudgetAmounts,
    now: datetime,
    known_until: datetime | None,
    visible: Collection[int] | None = None,
    group_ids: Collection[int] | None = None,
    groups: Sequence[KnownGroup] | None = None,
) -> BudgetPanel:
    """The team's budget and the largest shares of groups' budgets, and of members' that are reached or about
    to be; none where the team's is the only one, which is shown with the forecast.

    `group_ids` are the groups that a filter chose: theirs alone then. `groups` are all, where they are known.
    """
    if not amounts.has_any:
        return BudgetPanel()
    if group_ids is not None:
        amounts = replace(amounts, members={}, each_member=Decimal(0))
    states = compute_states(
        cycle,
        now,
        amounts,
        known_until,
        least_ratio=WARNING_RATIO,
        first_members=MOST_LISTED,
        groups=groups,
    )
    shown = [state for state in visible_states(states, now, visible, groups) if is_listed(state, group_ids)]
    shown.sort(key=lambda state: (state.owner.scope is not BudgetScope.TEAM, -state.ratio))
    return BudgetPanel([BudgetLine(state) for state in shown[:MOST_LISTED]], max(len(shown) - MOST_LISTED, 0))


def is_listed(state: BudgetState, group_ids: Collection[int] | None) -> bool:
    return group_ids is None or (state.owner.scope is BudgetScope.GROUP and state.owner.id in group_ids)


def all_budgets(
    cycle: BillingCycle, now: datetime, known_until: datetime | None, visible: Collection[int] | None
) -> list[BudgetLine]:
    """Every budget of `cycle` that the reader may see."""
    states = compute_states(cycle, now, budget_amounts(cycle, now), known_until)
    return [BudgetLine(state) for state in visible_states(states, now, visible)]
