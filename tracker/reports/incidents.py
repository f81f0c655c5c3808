"""The incidents page: which incidents and anomalies the filters ask for, and how fast they were handled."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol, TypeVar

from django import forms
from django.core.exceptions import BadRequest
from django.db.models import DateField, Q, QuerySet, Value
from django.http import QueryDict
from django.utils.functional import cached_property

from collector.base.days import day_end, day_start, utc_day
from collector.models import Member
from detection.models import Anomaly
from detection.models.anomaly import AnomalyQuerySet
from detection.vocabulary import Cause, Rule, Severity
from groups.assignments.membership import limit_to
from groups.tree import GroupOption, options
from incidents import times
from incidents.models import Incident, Status
from incidents.models.incidents import IncidentQuerySet
from incidents.notifying.backlog import Backlog, backlog
from tracker import periods
from tracker.filters import read_group, read_period
from tracker.periods import Period
from tracker.reports.badges import BADGES
from tracker.reports.watch import Watch, watch

UNRESOLVED = "unresolved"

Rows = TypeVar("Rows", bound=QuerySet)


class IncidentFilterForm(forms.Form):
    """The address bar of the incidents page; all may be absent."""

    period = forms.ChoiceField(choices=list(periods.LABELS.items()), required=False)
    group = forms.CharField(max_length=400, required=False)
    search = forms.CharField(max_length=100, required=False)
    status = forms.ChoiceField(choices=[(UNRESOLVED, "unresolved"), *Status.choices], required=False)
    severity = forms.ChoiceField(choices=Severity.choices, required=False)
    rule = forms.ChoiceField(choices=Rule.choices, required=False)
    # Of other pages: carried along, since they say nothing about incidents.
    model = forms.CharField(max_length=120, required=False)
    badge = forms.ChoiceField(choices=[(key, key) for key in BADGES], required=False)


@dataclass(frozen=True)
class IncidentFilters:
    """What the page is limited to. `visible` are the members whom the reader may see; None: everybody."""

    period: Period
    now: datetime
    group: GroupOption | None = None
    search: str = ""
    status: str = ""
    severity: str = ""
    rule: str = ""
    model: str = ""
    badge: str = ""
    visible: frozenset[int] | None = None
    notes: tuple[str, ...] = ()  # what could not be done as asked
    options: tuple[GroupOption, ...] = ()  # the groups there are

    @property
    def is_narrowed(self) -> bool:
        return bool(self.group or self.search or self.status or self.severity or self.rule)

    @property
    def carried(self) -> dict[str, str]:
        """The filters in force that say nothing about incidents."""
        return {name: value for name, value in (("model", self.model), ("badge", self.badge)) if value}

    @cached_property
    def starts_at(self) -> datetime:
        return self.period.cycle.start_at if self.period.cycle else day_start(self.period.first)

    @cached_property
    def ends_at(self) -> datetime:
        """The end of today: what is found now belongs to every period."""
        return day_end(utc_day(self.now))


class Scope(Protocol):
    """Whom incidents are about: all that filters shared with other pages say about them."""

    @property
    def now(self) -> datetime: ...
    @property
    def group(self) -> GroupOption | None: ...
    @property
    def search(self) -> str: ...
    @property
    def visible(self) -> frozenset[int] | None: ...


def read(
    query: QueryDict,
    now: datetime,
    visible: frozenset[int] | None = None,
    known_until: datetime | None = None,
) -> IncidentFilters:
    """The filters of an address; BadRequest, saying what is wrong, where one makes no sense."""
    form = IncidentFilterForm(query)
    if not form.is_valid():
        raise BadRequest(" ".join(f"There is no {name} “{query.get(name)}”." for name in form.errors))
    asked = form.cleaned_data
    notes: list[str] = []
    groups = options()
    return IncidentFilters(
        period=read_period(asked["period"] or periods.DEFAULT, now, known_until, notes),
        now=now,
        group=read_group(asked["group"], groups, notes) if asked["group"] else None,
        visible=visible,
        notes=tuple(notes),
        options=tuple(groups),
        **{name: asked[name] for name in ("search", "status", "severity", "rule", "model", "badge")},
    )


@dataclass(frozen=True)
class IncidentsReport:
    filters: IncidentFilters
    incidents: Sequence[Incident]  # of the period, and whatever is unresolved; newest first
    anomalies: Sequence[Anomaly]
    times: times.TimesSummary  # of those detected in the period
    unresolved: int
    critical: int
    backlog: Backlog
    watch: Watch


def incidents_report(filters: IncidentFilters) -> IncidentsReport:
    """Everything that the incidents page shows. Some ten queries, whatever the number of rows."""
    found = having(limit_incidents(Incident.objects.all(), filters), filters)
    shown = found.filter(in_period(filters) | ~Q(status=Status.RESOLVED)) if not filters.status else found
    if filters.status == Status.RESOLVED:
        shown = shown.filter(in_period(filters))
    incidents = list(shown.select_related("member__owner").prefetch_related("findings__anomaly"))
    unresolved = [incident for incident in incidents if not incident.is_resolved]
    timed = [i for i in incidents if filters.starts_at <= i.detected_at < filters.ends_at]
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


def in_period(filters: IncidentFilters) -> Q:
    return Q(detected_at__gte=filters.starts_at, detected_at__lt=filters.ends_at)


def limit_incidents(rows: IncidentQuerySet, scope: Scope) -> IncidentQuerySet:
    """Those of `rows` about whom the reader may see, who are in the group, and whom the search finds."""
    return limit_members(rows.matching(scope.search), scope)


def limit_members(rows: Rows, scope: Scope) -> Rows:
    """Rows (with `member`) of whom the reader may see and who are in the group today.

    Rows of the team, which have no member, are no group's.
    """
    rows = limit_visible(rows, scope.visible)
    if scope.group is None:
        return rows
    today = rows.filter(member__isnull=False).alias(day=Value(utc_day(scope.now), DateField()))
    return limit_to(today, scope.group.group_ids)


def limit_visible(rows: Rows, visible: frozenset[int] | None) -> Rows:
    """Rows (with `member` and `cause`) of those members; None: everybody.

    The team's are everybody's, but for the one that lists by name who is at their limit.
    """
    if visible is None:
        return rows
    return rows.filter(Q(member__in=visible) | Q(member__isnull=True) & ~Q(cause=Cause.LIMIT))


def having(rows: IncidentQuerySet, filters: IncidentFilters) -> IncidentQuerySet:
    """Those of `rows` with the status, severity and rule asked for."""
    if filters.status == UNRESOLVED:
        rows = rows.unresolved()
    elif filters.status:
        rows = rows.filter(status=filters.status)
    if filters.severity:
        rows = rows.filter(severity=filters.severity)
    return rows.filter(findings__anomaly__rule=filters.rule).distinct() if filters.rule else rows


def limit_anomalies(filters: IncidentFilters) -> AnomalyQuerySet:
    rows = limit_members(Anomaly.objects.detected_between(filters.starts_at, filters.ends_at), filters)
    if filters.search:
        rows = rows.filter(member__in=Member.objects.matching(filters.search).values("pk"))
    if filters.severity:
        rows = rows.filter(severity=filters.severity)
    if filters.rule:
        rows = rows.filter(rule=filters.rule)
    return rows.select_related("member", "incident_link__incident")
