"""Hours at which something is due whatever detection finds: reports, turns of a cycle, steps of budgets."""

from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta
from decimal import Decimal

import numpy as np

from collector.base.days import utc_day
from collector.models import Member
from detection.frame.arrays import Array
from detection.models import DetectionSettings
from groups.assignments.membership import current
from groups.models import BudgetSettings, CycleBudget
from incidents.digests import CYCLE_DAYS_BEFORE
from incidents.models import IncidentSettings

from .foresight import Foresight

MONDAY = 0


def fixed_hours(foresight: Foresight) -> set[datetime]:
    """All such hours in the foresight."""
    return {
        *report_hours(foresight),
        *(after(foresight.hours, turn) for turn in foresight.cycles if turn <= foresight.hours[-1]),
    }


def after(hours: Sequence[datetime], instant: datetime) -> datetime:
    """The first of the hours at or after `instant`, or the last there is."""
    return next((hour for hour in hours if hour >= instant), hours[-1])


def report_hours(foresight: Foresight) -> Iterator[datetime]:
    """When the weekly report and the cycle's summary are due."""
    at = IncidentSettings.get_solo().digest_hour
    yield from (hour for hour in foresight.hours if hour.weekday() == MONDAY and hour.hour == at)
    for end_at in foresight.cycles:
        due_at = end_at - timedelta(days=CYCLE_DAYS_BEFORE)
        due_at = max(due_at, due_at.replace(hour=at, minute=0, second=0, microsecond=0))
        yield after(foresight.hours, due_at)
    # One that was due before the walk began is sent by its first runs of the day.
    yield from (hour for hour in foresight.hours[:48] if hour.hour == at)


def budget_hours(foresight: Foresight, day_at: datetime) -> set[datetime]:
    """When a budget reaches a step, with everybody in their group of `day_at`."""
    group_by_member = current(utc_day(day_at))
    emails = dict(Member.objects.values_list("pk", "email"))
    group_of = {emails[pk]: group.name for pk, group in group_by_member.items() if group}
    groups = [group_of.get(email, "") for email in foresight.spend["email"]]
    policy, hours = BudgetSettings.get_solo(), set[datetime]()
    team = DetectionSettings.get_solo().team_budget_dollars
    owners = [(np.ones(len(groups), dtype=bool), team)] if team else []
    for budget in CycleBudget.objects.filter(group__isnull=False).select_related("group"):
        name = budget.group.name if budget.group else ""
        inside = np.array([group == name or group.startswith(f"{name} > ") for group in groups], dtype=bool)
        owners.append((inside, budget.amount_dollars))
    for rows, dollars in owners:
        hours |= step_hours(foresight, rows, dollars * 100, policy.percentages)
    return hours


def step_hours(
    foresight: Foresight, inside: Array, budget_cents: Decimal, percentages: Sequence[int]
) -> set[datetime]:
    """The hours at whose end the rows `inside` have reached a step, in every cycle."""
    ends = foresight.spend["hour"].to_numpy(np.int64)[inside] + 1
    cents = foresight.spend["cents"].to_numpy(float)[inside]
    step_ends = set()
    for start_at, end_at in zip(foresight.cycles, foresight.cycles[1:], strict=False):
        first, last = int(start_at.timestamp()) // 3600, int(end_at.timestamp()) // 3600
        chosen = (ends > first) & (ends <= last)
        order = np.argsort(ends[chosen], kind="stable")
        hours, spent = ends[chosen][order], np.cumsum(cents[chosen][order])
        for percent in percentages:
            place = int(np.searchsorted(spent, float(budget_cents) * percent / 100 - 1e-6))
            if place < len(spent):
                step_ends.add(int(hours[place]))
    return {hour for hour in foresight.hours if int(hour.timestamp()) // 3600 in step_ends}
