"""Figures of one member's page."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from functools import cached_property
from statistics import median
from typing import Any

from django.db.models import QuerySet

from collector.base import names
from collector.base.days import utc_day
from collector.base.spans import DaySpan
from collector.base.statements import prepared
from collector.facts.forecast import Forecast
from collector.models import Member
from incidents.models import Incident
from tracker.filters import Filters
from tracker.periods import Period
from tracker.reports import badges, cycle, days, plan, tools
from tracker.reports.badges import Context
from tracker.reports.changes import Changes
from tracker.reports.limits import StatedLimit
from tracker.reports.member_days import (
    MemberDay,
    activity_rows,
    add_model_day,
    changes_of,
    day_rows,
    is_in_cycle,
    mark_outliers,
    usage_of,
)
from tracker.reports.member_sums import Activity, MemberFigures
from tracker.reports.pace import Pace, at_pace, moment, pace_of
from tracker.reports.selection import Selection
from tracker.reports.team import Team
from tracker.reports.usage import ModelUsage, Totals, total
from tracker.widgets import formats


class MemberReport:
    """Everything a member's page shows. At most twenty queries with those of the page around it."""

    def __init__(self, member: Member, filters: Filters) -> None:
        self.member = member
        self.filters = filters.everybody
        self.period: Period = filters.period
        self.team = Team(self.filters)  # nobody's models are asked for

    @cached_property
    def figures(self) -> MemberFigures:
        return self.team.standing(self.team.people[self.member.pk])

    @property
    def totals(self) -> Totals:
        return self.team.everybody.totals.get(self.member.pk) or Totals()

    @property
    def team_rate(self) -> Decimal | None:
        """Everybody's cost per request, in cents."""
        return total(self.team.everybody.totals.values()).cents_per_request

    @cached_property
    def activity(self) -> Activity:
        return self.team.everybody.activity.get(self.member.pk) or Activity()

    @cached_property
    def habits(self) -> badges.Habits:
        return self.team.habits.get(self.member.pk) or badges.Habits()

    @property
    def adoption_parts(self) -> list[AdoptionPart]:
        """The three parts of the score, each as a ratio of what earns it in full."""
        bounds, habits = self.team.bounds, self.habits
        accepted = habits.accept_ratio if self.activity.applies else None
        intensity = habits.per_active_day / bounds.per_active_day_p90 if bounds.per_active_day_p90 else 0
        per_day = (
            f"{formats.count(habits.per_active_day)}, team's p90 {formats.count(bounds.per_active_day_p90)}"
        )
        return [
            AdoptionPart("Diffs accepted", habits.accept_ratio, formats.percent(accepted)),
            AdoptionPart("Requests per active day", min(intensity, 1.0), per_day),
            AdoptionPart(
                "Active days",
                min(habits.active_days / bounds.days, 1.0) if bounds.days else 0,
                f"{habits.active_days} of {bounds.days}",
            ),
        ]

    @property
    def context_advice(self) -> str:
        """None that praises while an incident is open."""
        is_open = self.figures.person.has_open_incident
        return "" if is_open and self.context.praises else self.context.advice

    @cached_property
    def rows(self) -> list[Any]:
        """The member's rollup rows back to what the cycle's report reads, and to the period's start. One
        query."""
        first = min(self.filters.cycles[2], self.period.first)
        if self.filters.comparison:
            first = min(first, self.filters.comparison.earlier_first)
        return day_rows(self.member.pk, first, self.period.today)

    @cached_property
    def all_days(self) -> days.Days:
        """Back to the last cycle, the period's start, and the days that it is compared with."""
        sums: dict[tuple[date, bool], list] = {}
        for row in self.rows:
            sums_of_day = sums.setdefault((row["day"], row["is_after_turn"]), [Decimal(0), Decimal(0), 0])
            sums_of_day[0] += row["total_cents"]
            sums_of_day[1] += row["billed_cents"]
            sums_of_day[2] += row["requests"]
        return days.Days({key: days.Day(*values) for key, values in sums.items()})

    @cached_property
    def cycle(self) -> cycle.CycleReport | None:
        this, last, _ = self.filters.cycles
        if this is None:
            return None
        known_from = self.team.palette.first_day
        return cycle.report(this, last, self.all_days, known_from, self.filters.now, self.period.known_until)

    @cached_property
    def changes(self) -> Changes:
        return changes_of(self.rows, self.filters.comparison)

    @cached_property
    def limit(self) -> StatedLimit | None:
        """As the newest snapshot of the cycle states it; a limit that was lifted holds nobody."""
        own = (limit for limit in self.team.stated_limits if limit.member_id == self.member.pk)
        return next(own, None)

    @property
    def at_limit_cents(self) -> float | None:
        """What the cycle will have cost at the limit, if all that is still to come is on demand."""
        if self.limit is None or self.cycle is None:
            return None
        return float(self.cycle.spent.total_cents + self.limit.headroom_cents)

    @cached_property
    def uncapped(self) -> Forecast | None:
        """Of the cycle's end, as if no limit held."""
        usual = self.cycle.forecast if self.cycle else None
        if usual is None or self.pace is None or self.cycle is None:
            return usual
        return at_pace(usual, self.pace, self.cycle.spent.total_cents, self.cycle.cycle.end_at)

    @cached_property
    def forecast(self) -> Forecast | None:
        """Of the cycle's end. Once included usage is used up, on-demand spend begins, and the limit holds."""
        uncapped, most = self.uncapped, self.at_limit_cents
        is_held = uncapped and self.limit and self.limit.on_demand_cents
        return uncapped.capped(most) if uncapped and is_held and most is not None else uncapped

    @cached_property
    def pace(self) -> Pace | None:
        """Of the last hours, while an incident is open. One query there."""
        if not self.figures.person.has_open_incident or (self.cycle and self.cycle.as_of):
            return None
        return pace_of(self.member.pk, self.period.seen_until(self.filters.now))

    @property
    def limit_at(self) -> str:
        """`about 20:10 UTC today`: when the limit is reached at the pace of the last hours; empty without."""
        this, limit = self.filters.cycles[0], self.limit
        if not (self.pace and limit and this) or limit.is_reached:
            return ""
        at = self.pace.reaches(limit.headroom_cents)
        return moment(at, self.filters.now) if at <= this.end_at else ""

    @property
    def is_at_most_the_limit(self) -> bool:
        """Whether the forecast, or the upper end of its band, is the spend limit."""
        return self.forecast is not None and self.forecast.high_cents == self.at_limit_cents

    @property
    def limit_day(self) -> date | None:
        """When on-demand spend would reach the limit."""
        if not (self.forecast and self.limit) or self.limit.is_reached or self.at_limit_cents is None:
            return None
        return self.forecast.day_reaching(self.at_limit_cents)

    @cached_property
    def exhaustion(self) -> plan.Exhaustion | None:
        """Of a person: nobody else has a plan to use up."""
        this = self.filters.cycles[0] if self.figures.person.is_person else None
        billed = [row for row in self.rows if row["billed_requests"] and this and is_in_cycle(row, this)]
        if not billed or this is None:
            return None
        first = min(row["day"] for row in billed)
        requests = sum(row["billed_requests"] for row in billed)
        return plan.exhaustions([(self.member.pk, first, requests)], this)[0]

    @cached_property
    def days(self) -> list[MemberDay]:
        """Every shown day of the period, today so far last."""
        shown = {day: MemberDay(day) for day in self.period.shown_days}
        for row in self.rows:
            if row["day"] in shown and self._is_in_period(row):
                add_model_day(shown[row["day"]], row)
        for activity in activity_rows(self.member.pk, self.period.first, self.period.last_shown):
            if activity.day in shown:
                shown[activity.day].activity = activity
        return mark_outliers(list(shown.values()))

    def _is_in_period(self, row: dict) -> bool:
        of_cycle = self.period.cycle
        return of_cycle is None or row["day"] > utc_day(of_cycle.start_at) or row["is_after_turn"]

    @property
    def known_days(self) -> list[MemberDay]:
        """The shown days of which anything is known."""
        return [day for day in self.days if self.period.is_known(day.day)]

    @property
    def per_day_cents(self) -> Decimal | None:
        """Over the whole known days of the period."""
        counted = set(self.period.averaged)
        whole = [day.totals.total_cents for day in self.days if day.day in counted]
        return sum(whole, Decimal(0)) / len(whole) if whole else None

    @cached_property
    def usage(self) -> ModelUsage:
        """The member's alone, by model, of the rows that are read anyway."""
        first, end = self.period.first, self.period.end
        counted = [row for row in self.rows if first <= row["day"] <= end and self._is_in_period(row)]
        return usage_of(counted, self.figures.person)

    @cached_property
    def context(self) -> Context:
        values = sorted(
            habits.context_tokens
            for habits in self.team.habits.values()
            if habits.requests >= badges.MIN_REQUESTS
        )
        mine = self.habits.context_tokens if self.habits.requests else None
        place = sum(value > mine for value in values) + 1 if mine is not None else None
        return Context(mine, median(values) if values else None, place, len(values))

    @cached_property
    def tools_by_metric(self) -> dict[str, list[tools.Named]]:
        """MCP tools and commands. One query."""
        return tools.of_member(self.member.pk, DaySpan(self.period.first, self.period.end))

    @cached_property
    def repositories(self) -> list[tools.Repository]:
        alone = Selection(member_ids=frozenset({self.member.pk}))
        return tools.repositories(alone, DaySpan(self.period.first, self.period.end))

    @cached_property
    def incidents(self) -> list[Incident]:
        """The newest 200 incidents about this member, whatever the period. One query."""
        return _incidents(self.member.pk, names.current().are_hidden)

    @property
    def open_incidents(self) -> list[Incident]:
        return [incident for incident in self.incidents if not incident.is_resolved]


@prepared
def _incidents(member: int, are_hidden: bool) -> QuerySet:
    """With what their sentences are made of, which is more where names `are_hidden`."""
    return Incident.objects.filter(member=member).for_sentences().order_by("-detected_at")[:200]


@dataclass(frozen=True)
class AdoptionPart:
    label: str
    ratio: float
    said: str
