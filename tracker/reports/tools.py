"""Counts by name from the analytics tables: tools, commands, extensions."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from django.db.models import Count, QuerySet, Sum


@dataclass(frozen=True)
class Named:
    """One tool, command or extension: how often, and by how many members where that is known."""

    name: str
    detail: str
    count: int
    share: float  # of all counts of the same list
    members: int | None = None


def by_name(rows: QuerySet, *, with_members: bool = False) -> list[Named]:
    """Sums of `count` by name and detail, most first; with members where rows have them. One query."""
    extra = {"members": Count("member", distinct=True)} if with_members else {}
    sums = rows.order_by().values_list("name", "detail").annotate(total=Sum("count"), **extra)
    found = [row for row in sums if row[2]]
    whole = sum(row[2] for row in found) or 1
    named = [Named(row[0] or "(not named)", row[1], row[2], row[2] / whole, *row[3:]) for row in found]
    return sorted(named, key=lambda each: (-each.count, each.name))


def total(named: Iterable[Named]) -> int:
    return sum(each.count for each in named)
