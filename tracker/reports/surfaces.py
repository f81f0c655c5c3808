"""Spend by surface, day by day, and who owns the agents and automations."""

from collections import defaultdict
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from functools import cached_property

from django.db.models import Count, Max, Q, Sum

from collector.base.days import day_end, day_start
from collector.base.money import cents
from collector.models import AGENT_SURFACES, MemberModelDay, MemberModelHour
from collector.models.totals import MemberModelDayQuerySet
from tracker.filters import Filters
from tracker.reports import days
from tracker.reports.days import Days
from tracker.reports.models import share
from tracker.reports.people import Person
from tracker.reports.team import Team


@dataclass(frozen=True)
class SurfaceLine:
    """What came from one surface in the period. Money in cents."""

    key: str
    total_cents: Decimal = Decimal(0)
    billed_cents: Decimal = Decimal(0)
    requests: int = 0
    runs: int = 0
    members: int = 0  # with a served request
    spend_share: float = 0.0

    @property
    def is_agents(self) -> bool:
        return self.key in AGENT_SURFACES

    @property
    def cents_per_request(self) -> Decimal | None:
        """None of agents, whose work is counted in runs."""
        return None if self.is_agents or not self.requests else self.total_cents / self.requests

    @property
    def cents_per_run(self) -> Decimal | None:
        return self.total_cents / self.runs if self.is_agents and self.runs else None


@dataclass(frozen=True)
class AgentLine:
    """The cloud agents, or the automations, of one member. Money in cents."""

    owner: Person
    key: str  # the surface
    total_cents: Decimal
    requests: int
    runs: int
    last_day: date
    thread: str  # the agent, automation or conversation with most requests in one hour; empty: none stood out

    @property
    def cents_per_run(self) -> Decimal | None:
        return self.total_cents / self.runs if self.runs else None


@dataclass
class Surfaces:
    """Everything the surfaces page shows. Four queries and the selection's."""

    filters: Filters
    team: Team = field(init=False)

    def __post_init__(self) -> None:
        self.period = self.filters.period
        self.team = Team(self.filters)

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
        """Each surface with anything in it, the largest spend first."""
        users = Count("member", distinct=True, filter=Q(requests__gt=0))
        sums = self.rows.order_by().values_list("surface").annotate(
            total=Sum("total_cents"), billed=Sum("billed_cents"), served=Sum("requests"),
            started=Sum("runs"), users=users,
        )  # fmt: skip
        rows = list(sums)
        whole = sum((cents(row[1]) for row in rows), Decimal(0))
        lines = [
            SurfaceLine(key, cents(total), cents(billed), served, runs, users, share(cents(total), whole))
            for key, total, billed, served, runs, users in rows
        ]
        keys = {line.key for line in lines}
        lines += [SurfaceLine(key) for key in self.team.changes.by_surface if key not in keys]
        return sorted(lines, key=lambda line: (-line.total_cents, line.key))

    @property
    def total_cents(self) -> Decimal:
        return sum((line.total_cents for line in self.lines), Decimal(0))

    @property
    def agent_cents(self) -> Decimal:
        return sum((line.total_cents for line in self.lines if line.is_agents), Decimal(0))

    @property
    def agent_share(self) -> float | None:
        return float(self.agent_cents / self.total_cents) if self.total_cents else None

    @property
    def requests(self) -> int:
        """Without those of agents."""
        return sum(line.requests for line in self.lines if not line.is_agents)

    @property
    def cents_per_request(self) -> Decimal | None:
        return (self.total_cents - self.agent_cents) / self.requests if self.requests else None

    @property
    def runs(self) -> int:
        return sum(line.runs for line in self.lines)

    @property
    def cents_per_run(self) -> Decimal | None:
        return self.agent_cents / self.runs if self.runs else None

    @cached_property
    def by_day(self) -> dict[str, dict[date, Decimal]]:
        """Cents of each shown day, by surface. One query."""
        rows = self.team.selection.by_model.within(self.period.shown_span)
        sums = rows.order_by().values_list("surface", "day")
        by_surface: dict[str, dict[date, Decimal]] = defaultdict(dict)
        for surface, day, total in sums.annotate(Sum("total_cents")):
            by_surface[surface][day] = cents(total)
        return by_surface

    @cached_property
    def agents(self) -> list[AgentLine]:
        """Owners of cloud agents and of automations, the largest spend first. Two queries."""
        rows = self.rows.filter(surface__in=AGENT_SURFACES).order_by().values_list("member_id", "surface")
        sums = rows.annotate(Sum("total_cents"), Sum("requests"), Sum("runs"), Max("day"))
        lines = [
            AgentLine(
                self.team.people[pk], surface, cents(total), requests, runs, day,
                self.threads.get((pk, surface), ""),
            )
            for pk, surface, total, requests, runs, day in sums
        ]  # fmt: skip
        return sorted(lines, key=lambda line: (-line.total_cents, line.owner.name.casefold(), line.key))

    @cached_property
    def threads(self) -> dict[tuple[int, str], str]:
        """By owner and surface, the busiest agent, automation or conversation of an hour. One query."""
        start, end = day_start(self.period.first), day_end(self.period.end)
        rows = MemberModelHour.objects.between(start, end).filter(surface__in=AGENT_SURFACES)
        rows = rows.exclude(top_thread="").filter(
            **({"model": self.filters.model} if self.filters.model else {})
        )
        ordered = rows.order_by("top_thread_requests", "hour_at")
        return {
            (pk, surface): thread
            for pk, surface, thread in ordered.values_list("member_id", "surface", "top_thread")
        }
