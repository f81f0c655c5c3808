"""The incidents page: which incidents and anomalies the filters ask for, and how fast they were handled."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from django import forms
from django.core.exceptions import BadRequest
from django.db.models import Q
from django.http import QueryDict
from django.utils.functional import cached_property

from collector.days import day_end, day_start, utc_day
from detection.models import Anomaly
from detection.models.anomaly import AnomalyQuerySet
from detection.vocabulary import Rule, Severity
from groups.membership import members_of
from groups.tree import GroupOption, find, options
from incidents import times
from incidents.backlog import Backlog, backlog
from incidents.models import Incident, Status
from incidents.models.incidents import IncidentQuerySet
from tracker import periods
from tracker.periods import Period

UNRESOLVED = "unresolved"


class IncidentFilterForm(forms.Form):
    """The address bar of the incidents page; all may be absent."""

    period = forms.ChoiceField(choices=list(periods.LABELS.items()), required=False)
    group = forms.CharField(max_length=400, required=False)
    search = forms.CharField(max_length=100, required=False)
    status = forms.ChoiceField(choices=[(UNRESOLVED, "unresolved"), *Status.choices], required=False)
    severity = forms.ChoiceField(choices=Severity.choices, required=False)
    rule = forms.ChoiceField(choices=Rule.choices, required=False)


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
    visible: frozenset[int] | None = None

    @property
    def is_narrowed(self) -> bool:
        return bool(self.group or self.search or self.status or self.severity or self.rule)

    @cached_property
    def starts_at(self) -> datetime:
        return self.period.cycle.start_at if self.period.cycle else day_start(self.period.first)

    @cached_property
    def ends_at(self) -> datetime:
        """The end of today: what is found now belongs to every period."""
        return day_end(utc_day(self.now))


def read(query: QueryDict, now: datetime, visible: frozenset[int] | None = None) -> IncidentFilters:
    """The filters of an address; BadRequest, saying what is wrong, where one makes no sense."""
    form = IncidentFilterForm(query)
    if not form.is_valid():
        raise BadRequest(" ".join(f"There is no {name} “{query.get(name)}”." for name in form.errors))
    asked = form.cleaned_data
    return IncidentFilters(
        period=read_period(asked["period"] or periods.DEFAULT, now),
        now=now,
        group=find(asked["group"], options()) if asked["group"] else None,
        search=asked["search"],
        status=asked["status"],
        severity=asked["severity"],
        rule=asked["rule"],
        visible=visible,
    )


def read_period(key: str, now: datetime) -> Period:
    """The period of that key; 30 days where no billing cycle is known."""
    if key == "cycle":
        return periods.this_cycle(now) or periods.whole_days(30, now)
    return periods.whole_days(periods.WHOLE_DAYS[key], now, key)


@dataclass(frozen=True)
class IncidentsReport:
    filters: IncidentFilters
    incidents: Sequence[Incident]  # of the period, and whatever is unresolved; newest first
    anomalies: Sequence[Anomaly]
    times: times.TimesSummary  # of those detected in the period
    unresolved: int
    critical: int
    backlog: Backlog


def incidents_report(filters: IncidentFilters) -> IncidentsReport:
    """Everything that the incidents page shows. Some ten queries, whatever the number of rows."""
    members = member_limit(filters)
    found = limit_incidents(filters, members)
    shown = found.filter(in_period(filters) | ~Q(status=Status.RESOLVED)) if not filters.status else found
    if filters.status == Status.RESOLVED:
        shown = shown.filter(in_period(filters))
    incidents = list(shown.select_related("member").prefetch_related("findings__anomaly"))
    unresolved = [incident for incident in incidents if not incident.is_resolved]
    timed = [i for i in incidents if filters.starts_at <= i.detected_at < filters.ends_at]
    return IncidentsReport(
        filters=filters,
        incidents=incidents,
        anomalies=list(limit_anomalies(filters, members)),
        times=times.summary(timed),
        unresolved=len(unresolved),
        critical=sum(incident.severity == Severity.CRITICAL for incident in unresolved),
        backlog=backlog(filters.now),
    )


def in_period(filters: IncidentFilters) -> Q:
    return Q(detected_at__gte=filters.starts_at, detected_at__lt=filters.ends_at)


def member_limit(filters: IncidentFilters) -> frozenset[int] | None:
    """Ids of the members that the page is limited to; None: everybody and the team."""
    limit = filters.visible
    if filters.group:
        held = frozenset(members_of(filters.group.group_ids, utc_day(filters.now)))
        limit = held if limit is None else limit & held
    return limit


def limit_incidents(filters: IncidentFilters, members: frozenset[int] | None) -> IncidentQuerySet:
    rows = Incident.objects.matching(filters.search)
    if members is not None:
        rows = rows.filter(of_members(members, filters))
    if filters.status == UNRESOLVED:
        rows = rows.unresolved()
    elif filters.status:
        rows = rows.filter(status=filters.status)
    if filters.severity:
        rows = rows.filter(severity=filters.severity)
    return rows.filter(findings__anomaly__rule=filters.rule).distinct() if filters.rule else rows


def of_members(members: frozenset[int], filters: IncidentFilters) -> Q:
    """Rows of these members; the team's too, unless a group was asked for."""
    theirs = Q(member__in=members)
    return theirs if filters.group else theirs | Q(member__isnull=True)


def limit_anomalies(filters: IncidentFilters, members: frozenset[int] | None) -> AnomalyQuerySet:
    rows = Anomaly.objects.detected_between(filters.starts_at, filters.ends_at)
    if filters.search:
        text = filters.search
        rows = rows.filter(Q(member__name__icontains=text) | Q(member__email__icontains=text))
    if members is not None:
        rows = rows.filter(of_members(members, filters))
    if filters.severity:
        rows = rows.filter(severity=filters.severity)
    if filters.rule:
        rows = rows.filter(rule=filters.rule)
    return rows.select_related("member", "incident_link__incident")
