"""Spend against that of earlier days: the figures behind the columns of change."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from operator import itemgetter
from typing import TypeVar

from collector.base.money import cents
from collector.models import BillingCycle, MemberModelDay
from groups.assignments.membership import sums_by_group
from groups.small import shown_groups
from tracker import periods
from tracker.periods import Comparison


@dataclass(frozen=True)
class Change:
    """Spend of whole days, and of the earlier days that they are held against, in cents."""

    compared_cents: Decimal = Decimal(0)
    before_cents: Decimal = Decimal(0)

    @property
    def cents(self) -> Decimal:
        return self.compared_cents - self.before_cents

    @property
    def ratio(self) -> float | None:
        """0.5 is half as much again; None where nothing was spent before."""
        return float(self.compared_cents / self.before_cents) - 1 if self.before_cents else None

    def __add__(self, other: Change) -> Change:
        return Change(self.compared_cents + other.compared_cents, self.before_cents + other.before_cents)


NO_CHANGE = Change()
Key = TypeVar("Key")
Part = TypeVar("Part")


@dataclass(frozen=True)
class Changes:
    """Wherever anything was spent; empty where nothing is compared."""

    by_member: Mapping[int, Change] = field(default_factory=dict)
    by_model: Mapping[str, Change] = field(default_factory=dict)
    by_surface: Mapping[str, Change] = field(default_factory=dict)


def changes_by_key(changes: Mapping[tuple[int, str, str], Change]) -> Changes:
    """Of changes by (member, model, surface)."""
    return Changes(*(added_up(changes, itemgetter(place)) for place in range(3)))


def added_up(changes: Mapping[Key, Change], part: Callable[[Key], Part]) -> Mapping[Part, Change]:
    """By one part of the keys, wherever anything was spent."""
    sums: dict[Part, Change] = defaultdict(Change)
    for key, change in changes.items():
        sums[part(key)] += change
    return {key: change for key, change in sums.items() if change != NO_CHANGE}


@dataclass(frozen=True)
class ChargeChanges:
    """By group, and by (group, member); nothing where there is no cycle to compare with."""

    comparison: Comparison | None = None
    by_member: Mapping[tuple[int, int], Change] = field(default_factory=dict)
    paths: Mapping[int, str] = field(default_factory=dict)  # of the groups in question, by id

    @property
    def by_group(self) -> Mapping[int, Change]:
        return added_up(self.by_member, itemgetter(0))


def charge_changes(
    cycle: BillingCycle, now: datetime, known_until: datetime | None, visible: frozenset[int] | None
) -> ChargeChanges:
    """`cycle` against the one before: of one in progress, the days that are over. Four queries."""
    last = BillingCycle.objects.filter(start_at__lt=cycle.start_at, end_at__gte=cycle.start_at)
    last_cycle = last.order_by("-start_at").first()
    comparison = periods.cycle_comparison(cycle, last_cycle, now, known_until) if last_cycle else None
    if comparison is None:
        return ChargeChanges()
    shown, changes = shown_groups(), defaultdict[tuple[int, int], Change](Change)
    for chosen, is_before in ((comparison.counted_rows, False), (comparison.earlier_rows, True)):
        rows = MemberModelDay.objects.filter(chosen)
        rows = rows if visible is None else rows.filter(member__in=visible)
        for group_id, member_id, (total,) in sums_by_group(rows, "total_cents"):
            spent = Change(Decimal(0), cents(total)) if is_before else Change(cents(total))
            changes[shown[group_id][0], member_id] += spent
    return ChargeChanges(comparison, changes, {pk: path for pk, path in shown.values()})
