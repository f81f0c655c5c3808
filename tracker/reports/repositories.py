"""Commits by repository, and how much of them came from AI."""

from __future__ import annotations

from dataclasses import dataclass

from django.db.models import Count, Sum
from django.db.models.functions import Coalesce

from collector.models.activity import BetweenDaysQuerySet


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


def repositories(rows: BetweenDaysQuerySet) -> list[Repository]:
    """Repositories of these commits, most lines first. One query."""
    sums = (
        rows.order_by()
        .values_list("repository")
        .annotate(
            commits=Count("pk"),
            members=Count("member", distinct=True),
            lines=Coalesce(Sum("lines_added"), 0),
            ai_lines=Coalesce(Sum("tab_lines_added"), 0) + Coalesce(Sum("composer_lines_added"), 0),
        )
    )
    named = [Repository(name or "(not named)", *counts) for name, *counts in sums]
    return sorted(named, key=lambda row: (-row.lines, row.name))
