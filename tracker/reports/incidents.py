"""Incidents and anomalies that the filters ask for, how fast they were handled, and which are open now."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import TypeVar

from django.db.models import DateField, Exists, OuterRef, Q, QuerySet, Value

from collector.base import names
from collector.base.days import day_end, day_start, utc_day
from collector.base.leases import HOURLY_JOB
from collector.base.statements import prepared
from collector.collecting.freshness import STALE
from collector.models import Lease, Member
from detection.models import Anomaly
from detection.models.anomaly import AnomalyQuerySet
from detection.vocabulary import Cause, Severity
from groups.assignments.membership import limit_to
from incidents import times
from incidents.models import Channel, Incident, Status
from incidents.models.incidents import IncidentQuerySet
from incidents.notifying.backlog import Backlog, backlog
from tracker.filters import UNRESOLVED, Filters
from tracker.periods import Period
from tracker.widgets import formats

Rows = TypeVar("Rows", bound=QuerySet)
GRAVITY = {"critical": 0, "warning": 1}


@dataclass(frozen=True)
class Watch:
    """Whether silence means that nothing is wrong: detection has looked, and at figures of the last hours.

    As of `now`; `known_until` is None before usage was ever read.
    """

    now: datetime
    known_until: datetime | None
    has_looked: bool  # whether detection ever ran
    has_channel: bool  # whether anybody would be notified
    is_stale: bool = field(init=False)
    doubt: str = field(init=False)  # why no incident does not mean that nothing is wrong; empty where it does

    def __post_init__(self) -> None:
        # Usage stops longer ago than an hourly job explains.
        stale, doubt = self.known_until is not None and self.now - self.known_until > STALE, ""
        if not self.has_looked or self.known_until is None:
            doubt = "Detection has not run yet"
        elif stale:
            doubt = f"No news since {formats.instant(self.known_until)}"
        vars(self).update(is_stale=stale, doubt=doubt)


@dataclass(frozen=True)
class IncidentsReport:
    filters: Filters
    incidents: Sequence[Incident]  # of the period, and whatever is unresolved; newest first
    anomalies: Sequence[Anomaly]
    times: times.TimesSummary  # of those detected in the period
    unresolved: int
    critical: int
    backlog: Backlog
    watch: Watch


def incidents_report(filters: Filters) -> IncidentsReport:
    """Everything that the incidents page shows. Some ten queries, whatever the number of rows."""
    matching = having(limit_incidents(Incident.objects.all(), filters), filters)
    shown = (
        matching.filter(in_period(filters) | ~Q(status=Status.RESOLVED)) if not filters.status else matching
    )
    if filters.status == Status.RESOLVED:
        shown = shown.filter(in_period(filters))
    incidents = list(
        shown.for_sentences().select_related("member__owner").prefetch_related("findings__anomaly")
    )
    unresolved = [incident for incident in incidents if not incident.is_resolved]
    first, end = period_span(filters.period)
    timed = [incident for incident in incidents if first <= incident.detected_at < end]
    return IncidentsReport(
        filters=filters,
        incidents=incidents,
        anomalies=list(limit_anomalies(filters)),
        times=times.summary(timed),
        unresolved=len(unresolved),
        critical=sum(incident.severity == Severity.CRITICAL for incident in unresolved),
        backlog=backlog(filters.now),
        watch=watch(filters.now, filters.period.known_until),
    )


def in_period(filters: Filters) -> Q:
    first, end = period_span(filters.period)
    return Q(detected_at__gte=first, detected_at__lt=end)


def period_span(period: Period) -> tuple[datetime, datetime]:
    """From when to when incidents belong to the period: what is found today belongs to every one that goes
    up to now."""
    first = period.cycle.start_at if period.cycle else day_start(period.first)
    return first, day_end(period.last_shown)


def limit_incidents(rows: IncidentQuerySet, filters: Filters) -> IncidentQuerySet:
    """Those of `rows` about whom the reader may see, who are in the group, and whom the search finds."""
    return limit_members(rows.matching(filters.search), filters)


def limit_members(rows: Rows, filters: Filters) -> Rows:
    """Rows (with `member`) of whom the reader may see and who are in the group today.

    Rows of the team, which have no member, are no group's.
    """
    rows = limit_visible(rows, filters.visible)
    if filters.group is None:
        return rows
    today = rows.filter(member__isnull=False).alias(day=Value(utc_day(filters.now), DateField()))
    return limit_to(today, filters.group.group_ids)


def limit_visible(rows: Rows, visible: frozenset[int] | None) -> Rows:
    """Rows (with `member` and `cause`) of those members; None: everybody.

    The team's are everybody's, but for the one that lists by name who is at their limit.
    """
    if visible is None:
        return rows
    return rows.filter(Q(member__in=visible) | Q(member__isnull=True) & ~Q(cause=Cause.LIMIT))


def having(rows: IncidentQuerySet, filters: Filters) -> IncidentQuerySet:
    """Those of `rows` with the status, severity and rule asked for."""
    if filters.status == UNRESOLVED:
        rows = rows.unresolved()
    elif filters.status:
        rows = rows.filter(status=filters.status)
    if filters.severity:
        rows = rows.filter(severity=filters.severity)
    return rows.filter(findings__anomaly__rule=filters.rule).distinct() if filters.rule else rows


def limit_anomalies(filters: Filters) -> AnomalyQuerySet:
    rows = limit_members(Anomaly.objects.detected_between(*period_span(filters.period)), filters)
    if filters.search:
        rows = rows.filter(member__in=Member.objects.matching(filters.search).values("pk"))
    if filters.severity:
        rows = rows.filter(severity=filters.severity)
    if filters.rule:
        rows = rows.filter(rule=filters.rule)
    return rows.select_related("member", "incident_link__incident")


def watch(now: datetime, known_until: datetime | None) -> Watch:
    """One query. Every run of the hourly job takes its lease, whose row stays; `detect` alone may find."""
    facts = {fact for (fact,) in _watched()}
    return Watch(now, known_until, has_looked="looked" in facts, has_channel="told" in facts)


@prepared
def _watched() -> QuerySet:
    looked, told = Value("looked"), Value("told")
    ran = Lease.objects.filter(name=HOURLY_JOB).order_by().values_list(looked)
    return ran.union(
        Anomaly.objects.order_by().values_list(looked),
        Channel.objects.enabled().order_by().values_list(told),
    )


@dataclass(frozen=True)
class OpenIncidents:
    """`found` lie within group and search, gravest first."""

    found: Sequence[Incident]
    watch: Watch
    figure: str  # a dash where nobody has looked: that is no zero
    tone: str
    notes: list[str]  # what the figure means, and what it leaves out


def open_incidents(filters: Filters) -> OpenIncidents:
    """Unresolved ones, whatever the period, narrowed by group and search, and to whom the reader may see. One
    query; two where none is open."""
    asked = filters.visible, names.current().are_hidden
    if filters.group or filters.search:
        narrowed = limit_incidents(Incident.objects.unresolved(), filters)
        inside = Exists(narrowed.filter(pk=OuterRef("pk")))
        known = list(_unresolved.build(*asked).annotate(is_inside=inside))
    else:
        known = _unresolved(*asked)
    found = [incident for incident in known if incident.is_inside]
    found.sort(key=lambda each: (GRAVITY.get(each.severity, 2), -each.detected_at.timestamp()))
    now, known_until, elsewhere = filters.now, filters.period.known_until, len(known) - len(found)
    seen = Watch(now, known_until, True, known[0].has_channel) if known else watch(now, known_until)
    if found:
        tone = "critical"
    elif elsewhere or seen.is_stale:
        tone = "warning"
    else:
        tone = "" if seen.doubt or filters.is_narrowed else "good"
    figure = str(len(found)) if found or seen.has_looked else formats.NOTHING
    return OpenIncidents(found, seen, figure, tone, _notes(filters, found, elsewhere, seen))


def _notes(filters: Filters, found: list[Incident], elsewhere: int, seen: Watch) -> list[str]:
    notes = []
    if found:
        unanswered = sum(not incident.is_acknowledged for incident in found)
        notes.append(f"{unanswered} not yet acknowledged" if unanswered else "all acknowledged")
    if elsewhere:
        narrowed_by = " and ".join(name for name in ("group", "search") if getattr(filters, name))
        notes.append(f"{formats.plural(elsewhere, 'more', 'more')} outside this {narrowed_by}")
    if seen.doubt:
        notes.append(seen.doubt)
    elif not notes:
        notes.append("None under these filters" if filters.is_narrowed else "Nothing is wrong")
    return [*notes, *filter(None, [not_narrowing(filters)])]


@prepared
def _unresolved(visible: frozenset[int] | None, are_hidden: bool) -> IncidentQuerySet:
    """Of members whom the reader may see, with what their sentences are made of: more, `are_hidden` names."""
    rows = limit_visible(Incident.objects.unresolved(), visible).for_sentences()
    return rows.annotate(is_inside=Value(True), has_channel=Exists(Channel.objects.enabled()))


def not_narrowing(filters: Filters) -> str:
    """Which of the filters in force do not apply to incidents."""
    names = [name for name in ("model", "badge", "surface") if getattr(filters, name)]
    if not names:
        return ""
    does = "does" if len(names) == 1 else "do"
    listed = " and ".join(filter(None, [", ".join(names[:-1]), names[-1]]))
    return f"{listed.capitalize()} {does} not filter incidents"
