"""Spend by surface, day by day, and who owns the agents and automations."""

from collections import defaultdict
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from functools import cached_property

from collector.base.days import day_end, day_start
from collector.base.money import in_cents
from collector.base.statements import micro_sum
from collector.models import AGENT_SURFACES, MemberModelDay, MemberModelHour
from collector.models.totals import MemberModelDayQuerySet
from tracker.filters import Filters
from tracker.reports import days
from tracker.reports.days import Days
from tracker.reports.people import Person
from tracker.reports.sql import as_date, fetch, summed
from tracker.reports.team import Team
from tracker.reports.usage import SUMS, Totals, total


@dataclass(frozen=True)
class SurfaceLine:
    """What came from one surface in the period."""

    key: str
    totals: Totals = Totals()
    members: int = 0  # with a served request
    spend_share: float = 0.0


@dataclass(frozen=True)
class AgentLine:
    """The cloud agents, or the automations, of one member."""

    owner: Person
    key: str  # the surface
    totals: Totals
    last_day: date
    thread: str  # the agent, automation or conversation with most requests in one hour; empty: none stood out


class Surfaces:
    """Everything the surfaces page shows. Four queries and the selection's."""

    def __init__(self, filters: Filters) -> None:
        self.filters, self.period, self.team = filters, filters.period, Team(filters)

    @cached_property
    def earlier_days(self) -> Days:
        """The days that are compared with. One query; none where nothing is compared."""
        if self.filters.comparison is None:
            return Days({})
        return days.load(self.team.selection.by_model.filter(self.filters.comparison.earlier_rows))

    @property
    def rows(self) -> MemberModelDayQuerySet:
        return self.team.selection.of(MemberModelDay.objects.within(self.period.span))

    @cached_property
    def lines(self) -> list[SurfaceLine]:
        """Each surface with anything in it, the largest spend first. One query."""
        users = "COUNT(DISTINCT CASE WHEN requests > 0 THEN member_id END)"
        rows = fetch(summed(self.rows, ("surface",), *SUMS, users))
        sums = {key: (Totals._make(figures), users) for key, *figures, users in rows}
        whole = float(total([totals for totals, _ in sums.values()]).total_cents)
        lines = [
            SurfaceLine(key, totals, users, float(totals.total_cents) / whole if whole else 0.0)
            for key, (totals, users) in sums.items()
        ]
        lines += [SurfaceLine(key) for key in self.team.changes.by_surface if key not in sums]
        return sorted(lines, key=lambda line: (-line.totals.total_micro, line.key))

    @cached_property
    def totals(self) -> Totals:
        return total([line.totals for line in self.lines])

    @property
    def agent_share(self) -> float | None:
        whole = self.totals
        return whole.agent_micro / whole.total_micro if whole.total_micro else None

    @cached_property
    def by_day(self) -> dict[str, dict[date, Decimal]]:
        """Cents of each shown day, by surface. One query."""
        rows = self.team.selection.by_model.within(self.period.shown_span)
        by_surface: dict[str, dict[date, Decimal]] = defaultdict(dict)
        for surface, day, micro in fetch(summed(rows, ("surface", "day"), micro_sum("total_cents"))):
            by_surface[surface][as_date(day)] = in_cents(micro)
        return by_surface

    @cached_property
    def agents(self) -> list[AgentLine]:
        """Owners of cloud agents and of automations, the largest spend first. Two queries."""
        rows = self.rows.filter(surface__in=AGENT_SURFACES)
        lines = [
            AgentLine(
                self.team.people[pk],
                surface,
                Totals._make(figures),
                as_date(day),
                self.threads.get((pk, surface), ""),
            )
            for pk, surface, *figures, day in fetch(summed(rows, ("member_id", "surface"), *SUMS, "MAX(day)"))
        ]
        return sorted(
            lines, key=lambda line: (-line.totals.total_micro, line.owner.name.casefold(), line.key)
        )

    @cached_property
    def threads(self) -> dict[tuple[int, str], str]:
        """By owner and surface, the busiest agent, automation or conversation of an hour. One query."""
        start, end = day_start(self.period.first), day_end(self.period.end)
        rows = MemberModelHour.objects.between(start, end).filter(surface__in=AGENT_SURFACES)
        rows = rows.filter(model=self.filters.model) if self.filters.model else rows
        ordered = rows.exclude(top_thread="").order_by("top_thread_requests", "hour_at")
        return {
            (pk, surface): thread
            for pk, surface, thread in ordered.values_list("member_id", "surface", "top_thread")
        }
