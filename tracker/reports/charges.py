"""What groups and members are charged, against the cycle before."""

from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal

from collector.base.money import cents
from collector.models import BillingCycle, MemberModelDay
from groups.assignments.membership import sums_by_group
from groups.small import shown_groups
from tracker import periods
from tracker.periods import Comparison
from tracker.reports.changes import Change, added_up


@dataclass(frozen=True)
class ChargeChanges:
    """By group, and by (group, member); nothing where there is no cycle to compare with."""

    comparison: Comparison | None = None
    by_member: Mapping[tuple[int, int], Change] = field(default_factory=dict)
    paths: Mapping[int, str] = field(default_factory=dict)  # of the groups in question, by id

    @property
    def by_group(self) -> Mapping[int, Change]:
        return added_up(self.by_member, lambda key: key[0])


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
