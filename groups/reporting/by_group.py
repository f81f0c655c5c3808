"""Spend added up by the group that each member was in on the day, and by whatever else is asked."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any

from django.db.models import Exists, OuterRef, QuerySet, Sum

from collector.base.money import cents
from collector.models import MemberModelDay
from groups.assignments.membership import UNASSIGNED, held_group
from groups.models import Assignment

SUMMED = ("total_cents", "billed_cents", "requests")


@dataclass(frozen=True, slots=True)
class GroupSpend:
    """What one group spent under one key; total − billed = included. Cents are exact to six places."""

    total_cents: Decimal = Decimal(0)
    billed_cents: Decimal = Decimal(0)
    requests: int = 0

    def __add__(self, other: GroupSpend) -> GroupSpend:
        return GroupSpend(
            self.total_cents + other.total_cents,
            self.billed_cents + other.billed_cents,
            self.requests + other.requests,
        )


def spend_by_group(
    first: date, last: date, keys: tuple[str, ...], member_ids: Collection[int] | None = None
) -> dict[tuple[Any, ...], GroupSpend]:
    """Spend of `first` to `last`, both included, by (group id, *keys); UNASSIGNED for days in no group.

    `keys` are fields of `MemberModelDay`; `member_ids` limits to some members. Three queries, whose rows are
    as many as the sums: only for whoever moved within these days is the group looked up by row.
    """
    movers = Assignment.objects.filter(from_day__gt=first, from_day__lte=last).order_by().values("member")
    settled = _holding_on(first).exclude(member__in=movers)
    rows = MemberModelDay.objects.between(first, last).order_by()
    if member_ids is not None:
        settled, rows = settled.filter(member__in=member_ids), rows.filter(member__in=member_ids)
    found: dict[tuple[Any, ...], GroupSpend] = defaultdict(GroupSpend)
    _collect(found, _of_settled(settled, first, last, keys))
    _collect(found, _sums(rows.filter(member__in=movers).annotate(held=held_group()), "held", *keys))
    unplaced = rows.exclude(member__in=movers).exclude(member__in=_holding_on(first).values("member"))
    _collect(found, ((None, *row) for row in _sums(unplaced, *keys)))
    return dict(found)


def _holding_on(day: date) -> QuerySet[Assignment]:
    """The assignment that holds on `day`, of each member who has one."""
    later = Assignment.objects.filter(
        member=OuterRef("member"), from_day__gt=OuterRef("from_day"), from_day__lte=day
    )
    return Assignment.objects.filter(~Exists(later), from_day__lte=day).order_by()


def _of_settled(
    settled: QuerySet[Assignment], first: date, last: date, keys: tuple[str, ...]
) -> QuerySet[Any, Any]:
    """Sums over the members' rows, grouped in the database by the group that they hold throughout."""
    rows = "member__model_days__"
    theirs = settled.filter(**{f"{rows}day__gte": first, f"{rows}day__lte": last})
    grouped = theirs.values_list("group", *(rows + key for key in keys))
    return grouped.annotate(*(Sum(rows + name) for name in SUMMED))


def _sums(rows: QuerySet[Any], *keys: str) -> QuerySet[Any, Any]:
    return rows.values_list(*keys).annotate(*map(Sum, SUMMED))


def _collect(found: dict[tuple[Any, ...], GroupSpend], rows: Iterable[tuple[Any, ...]]) -> None:
    for group_id, *rest in rows:
        *keys, total, billed, requests = rest
        # SQLite sums decimals as floats of 15 digits: `cents` brings the six places back.
        spend = GroupSpend(cents(total), cents(billed), requests or 0)
        found[group_id or UNASSIGNED, *keys] += spend
