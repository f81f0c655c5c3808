"""What the usual pages show, worked out before somebody opens one."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any

from django.http import QueryDict

from collector.collecting import freshness
from tracker import filters
from tracker.pages import insights, overview
from tracker.reports import kept
from tracker.reports.insights import Insights
from tracker.reports.overview import Overview

ADDRESSES = ("", "period=cycle")


@dataclass(frozen=True)
class Prepared:
    pages: int
    is_ok: bool = True

    @property
    def summary(self) -> str:
        return f"{self.pages} ready"

    def as_json(self) -> dict[str, Any]:
        return asdict(self)


def prepare(now: datetime) -> Prepared:
    """Make the sums of the overview and the insights anew, of everybody, and leave them to all processes."""
    known_until = freshness.known_until(now)
    with kept.for_all():
        for address in ADDRESSES:
            query = QueryDict(address)
            asked = filters.read(query, now, known_until=known_until)
            overview.page(Overview(asked), query)
            insights.page(Insights(asked), query)
    return Prepared(2 * len(ADDRESSES))
