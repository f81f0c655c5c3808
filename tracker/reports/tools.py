"""Counts by name: tools, commands and extensions, and commits by repository."""

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from django.db.models import Count, QuerySet, Sum
from django.db.models.functions import Coalesce

from collector.base.spans import DaySpan
from collector.base.statements import count_sum, prepared
from collector.models import AiCodeCommit, MemberAnalyticsDay, TeamAnalyticsDay
from tracker.reports.selection import Selection
from tracker.reports.sql import fetch, summed

# The name first: where rows are sorted to be added up, those of one metric are all alike in that.
NAME = ("name", "detail", "metric")
UNNAMED = "(not named)"


@dataclass(frozen=True)
class Named:
    """One tool, command or extension: how often, and by how many members where that is known."""

    name: str
    detail: str
    count: int
    share: float  # of all counts of the same list
    members: int | None = None


def of_team(span: DaySpan) -> dict[str, list[Named]]:
    """Sums of `count` by metric, name and detail, most first, as Cursor reports the whole team. One query."""
    return _ranked(fetch(summed(_team_rows.statement(span), NAME, count_sum("count"))))


def by_member(chosen: Selection, span: DaySpan) -> dict[str, list[Named]]:
    """The same as it reports members, with how many there are. One query.

    Of sums by member: to count distinct members of all rows takes PostgreSQL twice as long. The member first:
    SQLite sorts numbers in three quarters of the time that names take.
    """
    rows = summed(_member_rows.statement(chosen, span), ("member_id", *NAME), "SUM(count) AS total")
    return _ranked(fetch(summed(rows, NAME, count_sum("total"), "COUNT(*)")))


def of_member(member_id: int, span: DaySpan) -> dict[str, list[Named]]:
    """The same of one member, who is not counted. One query."""
    rows = _member_rows.statement(Selection(member_ids=frozenset({member_id})), span)
    return _ranked(fetch(summed(rows, NAME, count_sum("count"))))


@prepared
def _team_rows(span: DaySpan) -> QuerySet:
    rows = TeamAnalyticsDay.objects.between(span.first, span.last).order_by()
    return rows.filter(metric__in=["mcp", "commands", "top-file-extensions"])


@prepared
def _member_rows(chosen: Selection, span: DaySpan) -> QuerySet:
    return chosen.of_members(MemberAnalyticsDay.objects.between(span.first, span.last)).order_by()


def _ranked(sums: Iterable[tuple[Any, ...]]) -> dict[str, list[Named]]:
    """By metric, with shares of their sums, most first."""
    rows, whole = list(sums), Counter[str]()
    for _, _, metric, count, *_ in rows:
        whole[metric] += count
    by_metric: dict[str, list[Named]] = {metric: [] for metric in whole}
    for name, detail, metric, count, *members in sorted(rows, key=lambda row: (-row[3], row[0] or UNNAMED)):
        if count:
            by_metric[metric].append(Named(name or UNNAMED, detail, count, count / whole[metric], *members))
    return by_metric


@dataclass(frozen=True)
class Repository:
    """`ai_lines` are lines that Tab or the agent wrote, of the `lines` that commits added."""

    name: str
    commits: int
    members: int
    lines: int
    ai_lines: int

    @property
    def ai_share(self) -> float | None:
        return min(self.ai_lines / self.lines, 1.0) if self.lines else None


def repositories(chosen: Selection, span: DaySpan) -> list[Repository]:
    """Repositories of the members' commits, most lines first. One query."""
    named = [Repository(name or UNNAMED, *counts) for name, *counts in _commits(chosen, span)]
    return sorted(named, key=lambda row: (-row.lines, row.name))


@prepared
def _commits(chosen: Selection, span: DaySpan) -> QuerySet:
    return (
        chosen.of_members(AiCodeCommit.objects.between(span.first, span.last))
        .order_by()
        .values_list("repository")
        .annotate(
            commits=Count("pk"),
            members=Count("member", distinct=True),
            lines=Coalesce(Sum("lines_added"), 0),
            ai_lines=Coalesce(Sum("tab_lines_added"), 0) + Coalesce(Sum("composer_lines_added"), 0),
        )
    )
