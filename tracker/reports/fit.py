"""Whether anything is left under the filters, and why not."""

from __future__ import annotations

from tracker.filters import Filters
from tracker.reports.team import Team


def nothing_fits(filters: Filters, team: Team) -> str:
    """A sentence where the filters leave neither a member nor usage; empty where there is something."""
    if not filters.is_narrowed or team.usage.parts or team.members:
        return ""
    if filters.group and not (filters.search or filters.model or filters.badge or filters.surface):
        return f"Nobody in the group “{filters.group.path}” has a seat or has any usage in this period."
    return "No member and no usage in this period matches all of them."
