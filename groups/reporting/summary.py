"""Groups with who is in them now and what they spend in the current cycle."""

from collections import defaultdict
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

from collector.base import names
from collector.base.days import utc_day
from collector.base.money import cents
from collector.models import BillingCycle, Member, MemberModelDay
from groups.assignments.membership import UNASSIGNED, held_groups, sums_by_group
from groups.models import Group
from groups.names import UNASSIGNED_NAME
from groups.small import smallest_sizes


@dataclass(frozen=True)
class GroupSummary:
    """One group, or Unassigned; spend of the cycle by the group held on each day, members as of now."""

    id: int
    name: str
    members: list[Member]
    spend_cents: Decimal


def summaries(now: datetime) -> list[GroupSummary]:
    """Open groups by name, and Unassigned last; only those that the reader may see. Five queries, six where
    small groups are hidden."""
    members = members_by_group(now)
    spend = spend_by_group(now)
    paths = [*Group.objects.open().values_list("pk", "name"), (UNASSIGNED, UNASSIGNED_NAME)]
    rows = [GroupSummary(pk, name, members[pk], spend[pk]) for pk, name in paths]
    reader = names.current()
    if not reader.are_hidden:
        return rows
    return [row for row in rows if smallest_sizes()[row.id] >= reader.smallest_group]


def members_by_group(now: datetime) -> defaultdict[int, list[Member]]:
    """People on the team by the group that they are in now, by address as the reader sees it."""
    group_ids = held_groups(utc_day(now))
    by_group: defaultdict[int, list[Member]] = defaultdict(list)
    members = Member.objects.on_team().only("email", "name", "kind")
    for member in sorted(members, key=lambda member: member.shown_email):
        by_group[group_ids.get(member.pk) or UNASSIGNED].append(member)
    return by_group


def spend_by_group(now: datetime) -> defaultdict[int, Decimal]:
    """Total cents of the current cycle by group; nothing where no cycle is known."""
    by_group: defaultdict[int, Decimal] = defaultdict(Decimal)
    cycle = BillingCycle.objects.at(now)
    if cycle:
        rows = MemberModelDay.objects.in_cycle(cycle)
        for group_id, _, (total,) in sums_by_group(rows, "total_cents"):
            by_group[group_id] += cents(total)
    return by_group
