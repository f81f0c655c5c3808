"""The usage events behind an incident, summed by whatever can be named as their source."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal

from django.db.models import Count, Max, Min, Sum
from django.utils.dateparse import parse_datetime

from collector.base.days import utc_day
from collector.facts.surfaces import surface_in_sql
from collector.models import AiCodeCommit, UsageEvent
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
    """`[start, end)` of the usage that the incident is about: what its finding measured, so that both name
    the same requests; and since the onset, where that was earlier."""
    end_at = finding.last_seen_at if finding else incident.last_run_at
    measured = finding.operands if finding else {}
    # An imported finding does not say what it measured.
    start_at = parse_datetime(measured.get("window_start", "")) or end_at - DAY
    end_at = parse_datetime(measured.get("window_end", "")) or end_at
    begun_at = incident.began_at or incident.detected_at
    return max(min(start_at, begun_at), end_at - LONGEST_WINDOW), end_at


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
