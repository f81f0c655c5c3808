"""Counts by name from the analytics tables: tools, commands, extensions."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from django.db.models import Count, QuerySet, Sum


@dataclass(frozen=True)
class Named:
    """One tool, command or extension: how often, and by how many members where that is known."""

    name: str
    detail: str
    count: int
    share: float  # of all counts of the same list
    members: int | None = None


def by_metric(rows: QuerySet[Any]) -> dict[str, list[Named]]:
    """Sums of `count` by metric, name and detail, most first. One query."""
    return _ranked(_totals_by_metric(rows))


def by_member(rows: QuerySet[Any]) -> dict[str, list[Named]]:
    """The same of rows that name members, with how many there were. One query."""
    return _ranked(_totals_by_metric(rows).annotate(members=Count("member", distinct=True)))


def _totals_by_metric(rows: QuerySet[Any]) -> QuerySet[Any]:
    return rows.order_by().values_list("metric", "name", "detail").annotate(total=Sum("count"))


def _ranked(sums: Iterable[tuple[Any, ...]]) -> dict[str, list[Named]]:
    found: dict[str, list[tuple[Any, ...]]] = {}
    for metric, *row in sums:
        found.setdefault(metric, []).append(tuple(row))
    return {metric: rank(named) for metric, named in found.items()}


def rank(rows: list[tuple[Any, ...]]) -> list[Named]:
    """Rows of (name, detail, count and perhaps members) as shares of their sum, most first."""
    whole = sum(row[2] for row in rows)
    named = [
        Named(row[0] or "(not named)", row[1], row[2], row[2] / whole, *row[3:]) for row in rows if row[2]
    ]
    return sorted(named, key=lambda each: (-each.count, each.name))
