"""Which group a member is in on a day."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from datetime import date
from typing import Any, TypeVar

from django.db.models import BigIntegerField, OuterRef, Q, QuerySet, Subquery, Sum, Value
from django.db.models.functions import Coalesce

from collector.models import Member
from collector.models.totals import MemberModelDayQuerySet
from groups.models import Assignment, Group

# The id that stands for "in no group"; the database's ids begin at 1.
UNASSIGNED = 0

Rows = TypeVar("Rows", bound=QuerySet[Any])


def held_group() -> Coalesce:
    """For day rows (with `member` and `day`): the id of the group held on that day, or UNASSIGNED."""
    held = (
        Assignment.objects.filter(member=OuterRef("member"), from_day__lte=OuterRef("day"))
        .order_by("-from_day")
        .values("group")[:1]
    )
    return Coalesce(Subquery(held), Value(UNASSIGNED), output_field=BigIntegerField())


def limit_to(rows: Rows, group_ids: Collection[int]) -> Rows:
    """Day rows (with `member` and `day`) whose member was in one of the groups on that day.

    UNASSIGNED among the ids means days in no group. No ids, no rows.
    """
    held = rows.alias(held_group=held_group())
    return held.filter(_ever_in(group_ids), held_group__in=list(group_ids))


def _ever_in(group_ids: Collection[int]) -> Q:
    """Leaves out at once whoever was never in these groups: the day of each row is dearer to look at."""
    if UNASSIGNED in group_ids:
        return Q()  # whoever has no assignment has no row to be found by
    ever = Assignment.objects.filter(group__in=list(group_ids)).order_by().values("member")
    return Q(member__in=ever)


def sums_by_group(
    rows: MemberModelDayQuerySet, first: date, last: date, *fields: str
) -> Iterator[tuple[int, int, list[Any]]]:
    """Rows of `first` to `last`, both included, added up: (group held, member, sums of the fields).

    Three queries. Only where somebody moves within these days is the group of each row looked up.
    """
    movers = Assignment.objects.filter(from_day__gt=first, from_day__lte=last).order_by().values("member")
    held = dict(Assignment.objects.known_on(first).values_list("member_id", "group_id"))
    sums = list(map(Sum, fields))
    stayed = rows.exclude(member__in=movers).order_by().values_list("member_id").annotate(*sums)
    for member_id, *values in stayed:
        yield held.get(member_id) or UNASSIGNED, member_id, values
    moved = rows.filter(member__in=movers).order_by().annotate(held_group=held_group())
    for group_id, member_id, *values in moved.values_list("held_group", "member_id").annotate(*sums):
        yield group_id, member_id, values


def current(day: date) -> dict[int, Group | None]:
    """Every member's group on `day` by member id, None for Unassigned. Three queries."""
    groups = Group.objects.in_bulk()
    held: dict[int, Group | None] = dict.fromkeys(Member.objects.values_list("pk", flat=True))
    for member_id, group_id in Assignment.objects.known_on(day).values_list("member_id", "group_id"):
        held[member_id] = groups[group_id] if group_id else None
    return held


def members_of(group_ids: Collection[int], day: date) -> set[int]:
    """Ids of the members who are in one of the groups on `day`; UNASSIGNED as in `limit_to`."""
    wanted = set(group_ids)
    return {
        member_id
        for member_id, group in current(day).items()
        if (group.pk if group else UNASSIGNED) in wanted
    }
