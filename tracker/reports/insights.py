"""Figures of the insights page: plans, models, savings, adoption, tools, versions, repositories."""

from collections import Counter
from functools import cached_property
from math import ceil
from statistics import fmean, median

from collector.base.spans import DaySpan
from collector.models import BillingCycle
from tracker.filters import Filters
from tracker.reports import followups, plan, savings, tools, versions
from tracker.reports.daily_counts import DailyCounts, daily_counts
from tracker.reports.model_news import ModelNews, model_news
from tracker.reports.plan import Exhaustion
from tracker.reports.selection import Selection
from tracker.reports.team import Team
from tracker.reports.tools import Named
from tracker.reports.versions import Client, Version

# Models that the share chart names; the others are added up, so that it always reaches 100 %.
SHARE_MODELS = 6


class Insights:
    """Everything the insights page shows. At most twenty queries with those of the page around it."""

    def __init__(self, filters: Filters) -> None:
        self.filters, self.period, self.team = filters, filters.period, Team(filters)
        self.selection = self.team.selection

    # Plans

    @cached_property
    def cycle(self) -> BillingCycle | None:
        return self.filters.cycles[0]

    @cached_property
    def exhaustions(self) -> list[Exhaustion]:
        """Of the present billing cycle, whatever the period; of people, since only seats have a plan."""
        if self.cycle is None:
            return []
        of_everybody = plan.exhaustions(plan.first_billed(self.selection, self.cycle), self.cycle)
        return [exhaustion for exhaustion in of_everybody if self.team.people[exhaustion.member_id].is_person]

    @property
    def median_exhaustion_day(self) -> float | None:
        return median(exhaustion.cycle_day for exhaustion in self.exhaustions) if self.exhaustions else None

    @property
    def half_exhausted_day(self) -> int:
        """The day of the cycle by which half of them were exhausted; 0 without any."""
        return ceil(self.median_exhaustion_day or 0)

    @cached_property
    def exhaustion_buckets(self) -> list[tuple[str, int]]:
        return list(plan.bucket_counts(self.exhaustions).items())

    # Models

    @cached_property
    def max_mode_requests(self) -> Counter[str]:
        """By model."""
        return Counter({model: own.max_mode_requests for model, own in self.team.usage.sums.items()})

    @cached_property
    def daily(self) -> DailyCounts:
        """Of the shown days. One query, or two of everybody."""
        return daily_counts(self.selection, self.team.people_selection, self.period)

    @property
    def top_models(self) -> list[str]:
        """The models with most requests of the shown days, as many as the share chart names."""
        sums: Counter[str] = Counter()
        for (_, model), requests in self.daily.requests.items():
            sums[model] += requests
        return [model for model, _ in sums.most_common(SHARE_MODELS)]

    @cached_property
    def model_news(self) -> list[ModelNews] | None:
        """Of the period's whole days. One query, and one more where there is any."""
        return model_news(self.period, self.selection.of)

    @cached_property
    def savings(self) -> list[savings.Saving]:
        team = self.team
        return savings.savings(team.all_usage, team.usage, team.person_ids, team.palette)

    @cached_property
    def saved_so_far(self) -> tuple[float, float] | None:
        """What suggestions that were not declined have saved, and were estimated to save by now.

        None where nothing was followed up, or filters narrow the page. One query.
        """
        if self.filters.is_narrowed:
            return None
        followed = followups.realised(self.team.people, self.filters.now, self.filters.visible)
        taken = [row for row in followed if not row.is_declined]
        return (sum(row.saved for row in taken), sum(row.estimated for row in taken)) if taken else None

    @cached_property
    def off_bill_range(self) -> tuple[float, float]:
        """What would leave the invoice in all, at least and at most."""
        return savings.added(saving.off_bill for saving in self.savings)

    @cached_property
    def of_plan_range(self) -> tuple[float, float]:
        return savings.added(saving.of_plan for saving in self.savings)

    # Adoption

    @property
    def daily_active(self) -> list[int]:
        """Members whom Cursor marks active on each shown day."""
        return [self.daily.active.get(day, 0) for day in self.period.shown_days]

    @property
    def daily_requesters(self) -> list[int]:
        """Members with a served request on each shown day."""
        return [self.daily.requesters.get(day, 0) for day in self.period.shown_days]

    @property
    def whole_daily_active(self) -> list[int]:
        """Of the whole known days, weekends included."""
        return [self.daily.active.get(day, 0) for day in self.period.averaged]

    @property
    def mean_daily_active(self) -> float | None:
        return fmean(self.whole_daily_active) if self.whole_daily_active else None

    @property
    def peak_daily_active(self) -> int | None:
        return max(self.whole_daily_active, default=None)

    @cached_property
    def clients(self) -> list[Client]:
        """Of the seats now on the team: nobody need follow up who has left."""
        chosen = self.team.people_selection
        if chosen.group_ids is None:
            return [client for client in self.all_clients if chosen.keeps_member(client.member_id)]
        return versions.clients(chosen, self.span)

    @cached_property
    def all_clients(self) -> list[Client]:
        """Of everybody. One query."""
        return versions.clients(Selection(), self.span)

    @property
    def span(self) -> DaySpan:
        """Of what is counted by whole days."""
        return DaySpan(self.period.first, self.period.end)

    @cached_property
    def newest_version(self) -> str:
        """The newest in use by anybody: who is behind does not depend on whom one looks at."""
        return versions.newest(self.all_clients)

    @property
    def versions(self) -> list[Version]:
        return versions.versions(self.clients, self.newest_version)

    @property
    def behind(self) -> list[Client]:
        latest = self.newest_version
        return [client for client in self.clients if versions.is_behind(client.version, latest)]

    # Tools

    @cached_property
    def tools_by_metric(self) -> dict[str, list[Named]]:
        """MCP tools and commands, by member where the plan reports members. One query, two without."""
        by_metric = tools.by_member(self.team.people_selection, self.span)
        if by_metric or self.filters.is_narrowed or self.filters.visible is not None:
            return by_metric
        return self.team_named

    @cached_property
    def team_named(self) -> dict[str, list[Named]]:
        """Of the whole team: Cursor does not say whose they were. One query."""
        return tools.of_team(self.span)

    @property
    def extensions(self) -> list[Named]:
        return self.team_named.get("top-file-extensions", [])

    @cached_property
    def repositories(self) -> list[tools.Repository]:
        return tools.repositories(self.team.people_selection, self.span)
