"""The usage events behind an incident, summed by whatever can be named as their source."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal

from django.db.models import Count, Max, Min, Sum

from collector.base.days import day_start, utc_day
from collector.base.plausibility import is_number
from collector.facts.surfaces import surface_in_sql
from collector.models import AiCodeCommit, BillingCycle, UsageEvent
from detection.models import Anomaly
from incidents.models import Incident

# A cycle-long window is cut to this much: the newest days say what is running.
LONGEST_WINDOW = timedelta(days=7)
DAY = timedelta(hours=24)
MOST_REPOSITORIES = 3


@dataclass(frozen=True)
class UsageSlice:
    """Events of one conversation, run, model and mode together. `requests` counts those served."""

    cloud_agent_id: str
    automation_id: str
    conversation_id: str
    model: str
    surface: str
    is_max_mode: bool
    requests: int
    cents: Decimal
    first_at: datetime
    last_at: datetime


def usage_window(incident: Incident, finding: Anomaly | None) -> tuple[datetime, datetime]:
    """`[start, end)` of the usage that the incident is about: what its finding measures."""
    end_at = finding.last_seen_at if finding else incident.last_run_at
    begun_at = incident.began_at or incident.detected_at
    start_at = min(_measured_from(finding.metric if finding else "", end_at), begun_at)
    return max(start_at, end_at - LONGEST_WINDOW), end_at


def _measured_from(metric: str, end_at: datetime) -> datetime:
    span = metric.rpartition("_")[2]
    if span == "day":
        return day_start(utc_day(end_at))
    if span == "cycle":
        cycle = BillingCycle.objects.at(end_at)
        return cycle.start_at if cycle else end_at - LONGEST_WINDOW
    if span.endswith("d") and is_number(span[:-1]):
        return end_at - timedelta(days=int(span[:-1]))
    return end_at - DAY


def load_slices(member_id: int, start_at: datetime, end_at: datetime) -> list[UsageSlice]:
    """The member's events of `[start_at, end_at)` in slices, the most expensive first. One query."""
    names = ("cloud_agent_id", "automation_id", "conversation_id", "model", "is_max_mode")
    rows = (
        UsageEvent.objects.filter(member_id=member_id)
        .between(start_at, end_at)
        .order_by()
        .values(*names, surface=surface_in_sql())
        .annotate(
            requests=Count("pk", filter=~UsageEvent.FAILED),
            cents=Sum("charged_cents"),
            first_at=Min("occurred_at"),
            last_at=Max("occurred_at"),
        )
    )
    slices = [UsageSlice(**row) for row in rows]
    return sorted(slices, key=lambda part: -part.cents)


def committed_repositories(member_id: int, start_at: datetime, end_at: datetime) -> list[str]:
    """Repositories of the member's AI-code commits of those days, most lines first. One query."""
    commits = AiCodeCommit.objects.between(utc_day(start_at), utc_day(end_at))
    named = commits.filter(member_id=member_id).exclude(repository="")
    lines = Sum("composer_lines_added") + Sum("tab_lines_added")
    rows = named.order_by().values_list("repository").annotate(lines=lines).order_by("-lines", "repository")
    return [name for name, _ in rows[:MOST_REPOSITORIES]]
