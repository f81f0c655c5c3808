"""Budgets with the team's among them, and the message about each step that was reached: once per cycle."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from hashlib import sha256

from django.db import transaction
from django.urls import reverse

from collector.base.days import utc_day
from collector.base.money import dollars
from collector.base.reports import StepReport
from collector.base.statements import prepared
from collector.collecting import freshness
from collector.models import BillingCycle
from detection.models import DetectionSettings
from groups.assignments.membership import current
from groups.budgets.amounts import BudgetAmounts, amount_rows, amounts_at, load_amounts
from groups.budgets.states import BudgetScope, BudgetState, compute_states
from groups.models import BudgetSettings, BudgetStep
from incidents.models import Channel
from incidents.notifying.messages import Digest, DigestTable, site_url
from incidents.notifying.notices import record_notice, shared_channels
from incidents.notifying.routing import covers_group
from incidents.wording import clean

COLUMNS = ("Budget of", "Step", "Spent", "Budget", "Forecast")


@dataclass(frozen=True)
class ReachedStep:
    """The highest step that a budget has newly reached."""

    state: BudgetState
    percent: int


@dataclass(frozen=True)
class BudgetReport(StepReport):
    """How many steps one run found newly reached, and how many messages it recorded about them."""

    reached: int = 0
    notices: int = 0

    @property
    def summary(self) -> str:
        if not self.reached:
            return "no new step"
        return f"steps reached: {self.reached}, messages recorded: {self.notices}"


def budget_states(cycle: BillingCycle, now: datetime) -> list[BudgetState]:
    """Every budget of `cycle` as it stands: the team's, the groups' by name, then the members' by share.

    Seven queries at most, and none for the spend where no budget is set.
    """
    return compute_states(cycle, now, budget_amounts(cycle, now), freshness.known_until(now))


def budget_amounts(cycle: BillingCycle, now: datetime) -> BudgetAmounts:
    """Every budget of `cycle` in dollars: one query, three of a cycle that is over.

    The one place of the team's is detection's settings.
    """
    if cycle.end_at > now:
        return load_amounts(_amounts_in_force())
    settings = next(iter(DetectionSettings.history.as_of(cycle.end_at)), None)
    return amounts_at(cycle.end_at, settings.team_budget_dollars if settings else Decimal(0))


_amounts_in_force = prepared(lambda: amount_rows(DetectionSettings.objects.all(), "team_budget_dollars"))


def record_budget_steps(now: datetime) -> BudgetReport:
    """Store the steps that budgets have newly reached and record one message per channel about them.

    The steps and their messages are one transaction behind the settings' row: a process that dies in between
    leaves neither, and of two machines the second finds nothing new.
    """
    cycle = BillingCycle.objects.at(now)
    if cycle is None:
        return BudgetReport()
    states = budget_states(cycle, now)
    BudgetSettings.get_solo()  # makes the row that is locked below
    with transaction.atomic():
        policy = BudgetSettings.objects.select_for_update().get()
        reached_before = BudgetStep.objects.reached_in(cycle)
        reached = [
            step for state in states for step in _store_new_steps(cycle, state, policy, reached_before, now)
        ]
        sent = [
            step
            for step in reached
            if policy.notifies_of_members or step.state.owner.scope is not BudgetScope.MEMBER
        ]
        notices = _record_notices(cycle, sent, now) if sent else 0
    return BudgetReport(len(reached), notices)


def _store_new_steps(
    cycle: BillingCycle,
    state: BudgetState,
    policy: BudgetSettings,
    reached_before: set[tuple[str, int]],
    now: datetime,
) -> Iterable[ReachedStep]:
    """Store every new step of a budget; only the highest is reported."""
    target = state.owner.target
    new = [step for step in state.reached_steps(policy.percentages) if (target, step) not in reached_before]
    BudgetStep.objects.bulk_create(
        BudgetStep(
            cycle=cycle,
            target=target,
            percent=percent,
            budget_cents=state.budget_cents,
            spent_cents=state.spent_cents,
            reached_at=now,
        )
        for percent in new
    )
    if new and new[-1] > max((step for owner, step in reached_before if owner == target), default=0):
        yield ReachedStep(state, new[-1])


def _record_notices(cycle: BillingCycle, steps: Sequence[ReachedStep], now: datetime) -> int:
    """One message per channel, about the steps that concern it."""
    day = utc_day(now)
    groups = current(day) if any(s.state.owner.scope is BudgetScope.MEMBER for s in steps) else {}
    group_names = {pk: group.name for pk, group in groups.items() if group}
    channels = Channel.objects.enabled().filter(sends_budgets=True).prefetch_related("groups__merged_into")
    recorded = 0
    for channel in shared_channels(channels):
        concerned = [step for step in steps if _concerns(channel, step.state, group_names, day)]
        if concerned:
            names = ",".join(f"{step.state.owner.target}={step.percent}" for step in concerned)
            key = f"budget:{cycle.pk}:{sha256(names.encode()).hexdigest()[:32]}"
            recorded += record_notice(channel, key, step_message(concerned), now)
    return recorded


def _concerns(channel: Channel, state: BudgetState, group_names: dict[int, str], day: date) -> bool:
    """A channel for everybody gets every budget; one for groups theirs, those below, and their members'."""
    if channel.audience != Channel.Audience.GROUPS:
        return True
    if state.owner.scope is BudgetScope.TEAM:
        return False
    name = state.owner.name if state.owner.scope is BudgetScope.GROUP else group_names.get(state.owner.id)
    return covers_group(channel, name, day)


def step_message(steps: Sequence[ReachedStep]) -> Digest:
    """One budget in a sentence, several in a table."""
    first = steps[0]
    if len(steps) == 1:
        title = f"Budget: {clean(first.state.owner.name)} reached {first.percent} %"
        return Digest(title, (step_sentence_of(first),), (), owner_url(first.state))
    rows = tuple(
        (
            clean(step.state.owner.name),
            f"{step.percent} %",
            dollars(step.state.spent_cents),
            dollars(step.state.budget_cents),
            pace(step.state) or "–",
        )
        for step in steps
    )
    table = DigestTable("Budgets", COLUMNS, rows)
    title = f"Budgets: {len(steps)} reached a step"
    return Digest(title, (), (table,), site_url(reverse("chargeback")))


def step_sentence_of(step: ReachedStep) -> str:
    """`Engineering has spent $2,105.00 of $2,500.00 (84 %) in this billing cycle; …`."""
    state = step.state
    spent = f"{dollars(state.spent_cents)} of {dollars(state.budget_cents)} ({state.ratio * 100:.0f} %)"
    at_this_pace = pace(state)
    limit = state.cursor_limit_dollars
    at_cursor = "" if limit is None else f" Cursor's own limit of the group is {dollars(limit * 100)}."
    text = f"{clean(state.owner.name)} has spent {spent} in this billing cycle"
    return f"{text}; {at_this_pace}.{at_cursor}" if at_this_pace else f"{text}.{at_cursor}"


def pace(state: BudgetState) -> str:
    """`at this pace reached on 19 Nov`, `the budget is exhausted`; empty where nothing can be forecast."""
    if state.is_reached:
        return "the budget is exhausted"
    if state.reached_on:
        return f"at this pace reached on {state.reached_on.day} {state.reached_on:%b}"
    return "at this pace it is not reached" if state.forecast else ""


def owner_url(state: BudgetState) -> str:
    """The page that shows most of the budget's spend."""
    owner = state.owner
    if owner.scope is BudgetScope.MEMBER:
        return site_url(reverse("member", args=[owner.email]))
    query = {"group": owner.name} if owner.scope is BudgetScope.GROUP else None
    return site_url(reverse("overview", query=query))
