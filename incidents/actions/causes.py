"""What is doing it: the run, conversation, model and mode behind an incident, as a sentence and a table."""

from collections import defaultdict
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal

from django.db.models import Count, Max, Min, Sum
from django.utils.dateparse import parse_datetime
from django.utils.text import capfirst

from collector.base.days import utc_day
from collector.facts.surfaces import surface_in_sql
from collector.models import AiCodeCommit, Member, Surface, UsageEvent
from detection.findings.gravest import gravest_finding
from detection.findings.wording import dollars, model_label, since
from detection.models import Anomaly
from incidents.models import Incident

from .cursor_links import agent_url, automation_url

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


# A source with the first share of the spend is named as the cause; one with the second gets a row.
NAMED_SHARE, SHOWN_SHARE = 0.5, 0.02
MOST_ROWS = 4
SHORT_ID = 14


@dataclass(frozen=True)
class CauseRow:
    """One source of the spend. `share` is of the window's cents, 0 to 1; `url` opens it in Cursor."""

    kind: str
    name: str
    requests: int
    cents: Decimal
    share: float
    first_at: datetime
    last_at: datetime
    url: str = ""


@dataclass(frozen=True)
class IncidentCause:
    """What the usage of `[start_at, end_at)` came from. `rows` by kind, each kind's largest first."""

    start_at: datetime
    end_at: datetime
    requests: int
    cents: Decimal
    rows: tuple[CauseRow, ...]
    sentence: str

    def named(self, kind: str) -> CauseRow | None:
        """The source of `kind` that holds at least half of the spend, if one does."""
        return next((row for row in self.rows if row.kind == kind and row.share >= NAMED_SHARE), None)


AGENT, AUTOMATION, CONVERSATION, ACCOUNT = "Cloud agent", "Automation", "Conversation", "Service account"
SURFACE, MODEL, MAX_MODE = "Surface", "Model", "Max mode"
SOURCES: tuple[tuple[str, Callable[[UsageSlice], str]], ...] = (
    (SURFACE, lambda part: capfirst(Surface(part.surface).label)),
    (AGENT, lambda part: part.cloud_agent_id),
    (AUTOMATION, lambda part: part.automation_id),
    (CONVERSATION, lambda part: part.conversation_id),
    (MODEL, lambda part: model_label(part.model)),
    (MAX_MODE, lambda part: "on" if part.is_max_mode else ""),
)
LINKS = {AGENT: agent_url, AUTOMATION: automation_url}


def incident_cause(incident: Incident, anomalies: Iterable[Anomaly]) -> IncidentCause | None:
    """What the incident's usage came from; None for the team, and without stored events. Three queries."""
    member = incident.member
    if member is None:
        return None
    start_at, end_at = usage_window(incident, gravest_finding(anomalies))
    slices = load_slices(member.pk, start_at, end_at)
    if not any(part.requests for part in slices):
        return None
    rows = cause_rows(slices, member)
    total = sum((part.cents for part in slices), Decimal(0))
    requests = sum(part.requests for part in slices)
    names = committed_repositories(member.pk, start_at, end_at)
    sentence = cause_sentence(rows, requests, end_at, names)
    if incident.owner:
        sentence = f"{sentence} The owner of {member} is {incident.owner}."
    return IncidentCause(start_at, end_at, requests, total, tuple(rows), sentence)


def cause_rows(slices: Sequence[UsageSlice], member: Member) -> list[CauseRow]:
    """The sources worth a line, by kind: those that hold some of the spend."""
    total = sum((part.cents for part in slices), Decimal(0))
    rows = [row for kind, name_of in SOURCES for row in rows_of_kind(kind, name_of, slices, total)]
    if member.kind == Member.Kind.SERVICE_ACCOUNT:
        rows = [*rows_of_kind(ACCOUNT, lambda _: str(member), slices, total), *rows]
    return rows


def rows_of_kind(
    kind: str, name_of: Callable[[UsageSlice], str], slices: Iterable[UsageSlice], total: Decimal
) -> list[CauseRow]:
    together: dict[str, list[UsageSlice]] = defaultdict(list)
    for part in slices:
        if name := name_of(part):
            together[name].append(part)
    rows = [summed_row(kind, name, parts, total) for name, parts in together.items()]
    rows.sort(key=lambda row: (-row.cents, -row.requests, row.name))
    return [row for row in rows if row.share >= SHOWN_SHARE or not total][:MOST_ROWS]


def summed_row(kind: str, name: str, parts: Sequence[UsageSlice], total: Decimal) -> CauseRow:
    cents = sum((part.cents for part in parts), Decimal(0))
    link = LINKS.get(kind)
    return CauseRow(
        kind,
        name,
        sum(part.requests for part in parts),
        cents,
        float(cents / total) if total else 0.0,
        min(part.first_at for part in parts),
        max(part.last_at for part in parts),
        link(name) if link else "",
    )


def cause_sentence(
    rows: Sequence[CauseRow],
    requests: int,
    end_at: datetime,
    repositories_of: Sequence[str],
) -> str:
    """`481 of 500 requests come from one cloud agent, bc-775b…, in Max mode, since 10:41 UTC.`"""
    largest: dict[str, CauseRow] = {}
    for row in rows:
        if row.share >= NAMED_SHARE or not row.cents:
            largest.setdefault(row.kind, row)
    source = next((largest[kind] for kind in NAMED_FIRST if kind in largest), None)
    if source is None:
        return "No single run, conversation or model stands out."
    details = [f"{source.requests:,} of {requests:,} requests come from {PHRASES[source.kind](source)}"]
    if MODEL in largest:
        details.append(f"on {largest[MODEL].name}")
    if MAX_MODE in largest:
        details.append("in Max mode")
    details.append(f"since {since(source.first_at, end_at)}")
    where = f" AI-code commits on these days are in {', '.join(repositories_of)}." if repositories_of else ""
    return f"{', '.join(details)}.{where}"


# The most telling source first.
NAMED_FIRST = (AGENT, AUTOMATION, CONVERSATION, ACCOUNT, SURFACE)
SURFACE_PHRASES = {"IDE": "the IDE", "CLI": "the CLI", "Bugbot": "Bugbot"}
PHRASES: dict[str, Callable[[CauseRow], str]] = {
    AGENT: lambda row: f"one cloud agent, {short_id(row.name)}",
    AUTOMATION: lambda row: f"one automation, {short_id(row.name)}",
    CONVERSATION: lambda row: f"one conversation, {short_id(row.name)}",
    ACCOUNT: lambda row: f"the service account {row.name}",
    SURFACE: lambda row: SURFACE_PHRASES.get(row.name, f"{row.name.lower()}s"),
}


def short_id(identifier: str) -> str:
    """`bc-775b694a…`: enough to recognise it beside its link."""
    return identifier if len(identifier) <= SHORT_ID else f"{identifier[: SHORT_ID - 3].rstrip('-')}…"


def spend_of(row: CauseRow) -> str:
    """`481 requests, $268, 96 % of the spend`."""
    return f"{row.requests:,} requests, {dollars(float(row.cents))}, {100 * row.share:.0f} % of the spend"
