"""`/api/anomalies`, `/api/incidents/<id>`: what was found, and acting on it."""

from datetime import datetime, timedelta
from typing import Annotated, Literal
from zoneinfo import ZoneInfo

from django.utils import timezone
from ninja import Field, Path, Router, Schema

from collector.base import names
from collector.base.days import utc_day
from detection.findings.messages import sentence_of
from detection.models import Anomaly
from detection.vocabulary import Rule
from incidents import lifecycle, times
from incidents.actions.causes import incident_cause
from incidents.ends import end_problem, snooze_end, zone_names
from incidents.lifecycle import Actor, Outcome
from incidents.models import Incident, Origin, Verdict
from tracker.access.privacy import visible_ids
from tracker.access.request import AccessRequest
from tracker.api.auth import acts
from tracker.api.errors import OF_A_BODY, ApiError, documented
from tracker.api.schemas import Days, Share, Strict, Text, at
from tracker.filters import Filters
from tracker.lookup import find_incident
from tracker.periods import whole_days
from tracker.reports.incidents import incidents_report


class CauseSource(Schema):
    kind: str = Field(description="Surface, Cloud agent, Automation, Conversation, Model, Max mode …")
    name: str
    requests: int
    cents: float
    share: Share = Field(description="Share of the spend, 0 to 1.")
    firstAt: datetime = at("first_at")
    lastAt: datetime = at("last_at")
    url: str = Field(description="Its page in Cursor. Empty if there is none.")


class CauseOfIncident(Schema):
    sentence: str
    startAt: datetime = at("start_at")
    endAt: datetime = at("end_at")
    requests: int
    cents: float
    sources: list[CauseSource] = at("rows")


router = Router(tags=["incidents"])

# The three kinds of rule that older scripts know.
TYPES = {
    Rule.TEAM_SPEND: "zscore",
    Rule.TEAM_REQUESTS: "zscore",
    Rule.SPIKE: "trend",
    Rule.CYCLE_OUTLIER: "trend",
    Rule.EXPENSIVE_MODEL: "trend",
    Rule.OWN_BASELINE: "trend",
    Rule.DRIFT: "trend",
}
Number = Annotated[int, Path(ge=1, le=2**63 - 1)]


class AnomalyRow(Schema):
    id: int
    incidentId: int | None
    userEmail: str | None = Field(description="null for the whole team.")
    type: str = Field(description="threshold, zscore or trend; `rule` is more exact.")
    rule: str
    cause: str
    severity: str
    metric: str
    value: float
    threshold: float
    expected: float
    message: str
    onsetAt: datetime | None
    detectedAt: datetime
    resolvedAt: datetime | None
    alertedAt: datetime | None
    diagnosisModel: str | None
    diagnosisKind: str | None = Field(description="What caused most of the extra spend.")
    diagnosisDelta: float | None = Field(description="Extra spend that it caused, in cents.")


class IncidentRow(Schema):
    id: int
    anomalyId: int | None = Field(description="Its first finding.")
    userEmail: str | None = Field(description="null for the whole team.")
    ownerEmail: str | None = Field(description="The owner of the service account that it is about.")
    status: str
    cause: str
    severity: str
    message: str
    onsetAt: datetime | None
    detectedAt: datetime
    alertedAt: datetime | None
    acknowledgedAt: datetime | None
    acknowledgedBy: str
    resolvedAt: datetime | None
    resolvedBy: str = Field(description="Empty if it resolved itself.")
    snoozedUntil: datetime | None
    verdict: str
    mttdMinutes: float | None
    mttiMinutes: float | None
    mttrMinutes: float | None


class IncidentDetail(IncidentRow):
    diagnosis: CauseOfIncident | None = Field(description="null for the team, and if no events are stored.")


class Timeline(Schema):
    anomalies: list[AnomalyRow]
    incidents: list[IncidentRow]
    avgMttdMinutes: float | None
    avgMttiMinutes: float | None
    avgMttrMinutes: float | None


class Action(Strict):
    action: Literal["acknowledge", "resolve", "reopen", "snooze", "verdict"]
    until: datetime | None = Field(
        None, description="For snooze and for “planned”; in `timezone` if it has none of its own."
    )
    span: Literal["1h", "4h", "tomorrow", "week"] | None = Field(
        None, description="For snooze, instead of `until`; tomorrow is 9:00 in `timezone`."
    )
    timezone: Annotated[Text, Field(max_length=60)] = Field(
        "", description="For example Europe/Berlin; by default UTC."
    )
    verdict: Literal["real", "expected", "planned", "too_small"] | None = None
    note: Annotated[Text, Field(max_length=5000)] = ""


class Acted(Schema):
    ok: bool
    action: str
    message: str
    incident: IncidentRow


DONE = {
    "acknowledge": "acknowledged",
    "resolve": "resolved",
    "reopen": "reopened",
    "snooze": "snoozed",
    "verdict": "judged",
}


@router.get("/anomalies", response={200: Timeline, **documented()})
def read_anomalies(request: AccessRequest, days: Days = 30) -> Timeline:
    """Anomalies of the last `days` whole UTC days and today, and all unresolved incidents.

    The averages exclude incidents with the verdict expected or planned.
    """
    now = timezone.now()
    visible = visible_ids(request.access, utc_day(now))
    report = incidents_report(Filters(whole_days(days, now), now, visible=visible))
    return Timeline(
        anomalies=[anomaly_row(anomaly) for anomaly in report.anomalies],
        incidents=[incident_row(incident) for incident in report.incidents],
        avgMttdMinutes=rounded_minutes(report.times.mttd.mean),
        avgMttiMinutes=rounded_minutes(report.times.mtti.mean),
        avgMttrMinutes=rounded_minutes(report.times.mttr.mean),
    )


@router.get("/incidents/{pk}", response={200: IncidentDetail, **documented(404)})
def read_incident(request: AccessRequest, pk: Number) -> dict[str, object]:
    """One incident, with what its spend comes from."""
    incident = find_incident(request, pk)
    cause = incident_cause(incident, incident.anomalies())
    return incident_row(incident).dict() | {"diagnosis": cause}


@router.patch("/incidents/{pk}", auth=acts, response={200: Acted, **documented(404, 409, *OF_A_BODY)})
def act_on_incident(request: AccessRequest, pk: Number, body: Action) -> Acted:
    """Acknowledge, resolve, reopen, snooze, or give a verdict. 409 if somebody else was first."""
    incident = find_incident(request, pk)
    outcome = perform(body, incident, request.access.actor, timezone.now())
    if not outcome.won:
        raise ApiError(409, outcome.message)
    request.audit_detail = body.action
    return Acted(
        ok=True, action=DONE[body.action], message=outcome.message, incident=incident_row(outcome.incident)
    )


def perform(body: Action, incident: Incident, actor: Actor, now: datetime) -> Outcome:
    """Perform the action; `ApiError` 400 if the body is missing something that it needs."""
    if body.timezone and body.timezone not in zone_names():
        text = "This is not a time zone: name one as in Europe/Berlin, or leave it out."
        raise field_error("timezone", text)
    until = with_zone(body.until, body.timezone)
    if body.action == "acknowledge":
        return lifecycle.acknowledge(incident, actor, Origin.API, now)
    if body.action == "resolve":
        return lifecycle.resolve(incident, actor, Origin.API, now, body.note)
    if body.action == "reopen":
        return lifecycle.reopen(incident, actor, Origin.API, now, body.note)
    if body.action == "snooze":
        until = snooze_end(body.span, now, body.timezone) if body.span else until
        if until is None:
            raise field_error("until", "Snooze until a time in the future.")
        if problem := end_problem(until, now):
            raise field_error("until", problem)
        return lifecycle.snooze(incident, actor, Origin.API, now, until, body.note)
    return give_verdict(body, until, incident, actor, now)


def give_verdict(
    body: Action, until: datetime | None, incident: Incident, actor: Actor, now: datetime
) -> Outcome:
    if body.verdict is None:
        raise field_error("verdict", f"A verdict is one of {', '.join(Verdict.values)}.")
    if body.verdict == Verdict.PLANNED and until is None:
        raise field_error("until", "Planned spend needs the day on which it ends.")
    if until is not None and (problem := end_problem(until, now)):
        raise field_error("until", problem)
    return lifecycle.verdict(incident, actor, Origin.API, now, body.verdict, until, body.note)


def field_error(field: str, message: str) -> ApiError:
    return ApiError(400, message, {field: message})


def with_zone(instant: datetime | None, zone: str) -> datetime | None:
    return instant.replace(tzinfo=ZoneInfo(zone or "UTC")) if instant and instant.tzinfo is None else instant


def anomaly_row(anomaly: Anomaly) -> AnomalyRow:
    """Wants `member` and `incident_link__incident` selected."""
    incident = anomaly.incident_link.incident if hasattr(anomaly, "incident_link") else None
    cause = main_part(anomaly)
    return AnomalyRow(
        id=anomaly.pk,
        incidentId=incident.pk if incident else None,
        userEmail=anomaly.member.shown_email if anomaly.member else None,
        type=TYPES.get(Rule(anomaly.rule), "threshold"),
        rule=anomaly.rule,
        cause=anomaly.cause,
        severity=anomaly.severity,
        metric=anomaly.metric,
        value=anomaly.observed,
        threshold=anomaly.bound,
        expected=anomaly.expected,
        message=sentence_of(anomaly),
        onsetAt=anomaly.onset_at,
        detectedAt=anomaly.detected_at,
        resolvedAt=anomaly.cleared_at,
        alertedAt=incident.alerted_at if incident else None,
        diagnosisModel=anomaly.model or None,
        diagnosisKind=cause.get("name"),
        diagnosisDelta=cause.get("cents"),
    )


def main_part(anomaly: Anomaly) -> dict:
    """The part of the explanation with the most extra cents; empty where nothing explains it."""
    return max(anomaly.explanation.get("parts", []), key=lambda part: part["cents"], default={})


def incident_row(incident: Incident) -> IncidentRow:
    spans = times.times_of(incident)
    first = next(iter(incident.findings.all()), None)
    return IncidentRow(
        id=incident.pk,
        anomalyId=first.anomaly_id if first else None,
        userEmail=incident.member.shown_email if incident.member else None,
        ownerEmail=incident.owner.shown_email if incident.owner else None,
        status=incident.status,
        cause=incident.cause,
        severity=incident.severity,
        message=incident.sentence,
        onsetAt=incident.began_at,
        detectedAt=incident.detected_at,
        alertedAt=incident.alerted_at,
        acknowledgedAt=incident.acknowledged_at,
        acknowledgedBy=names.current().actor(incident.acknowledged_by),
        resolvedAt=incident.resolved_at,
        resolvedBy=names.current().actor(incident.resolved_by),
        snoozedUntil=incident.snoozed_until,
        verdict=incident.verdict,
        mttdMinutes=rounded_minutes(spans.detect),
        mttiMinutes=rounded_minutes(spans.identify),
        mttrMinutes=rounded_minutes(spans.resolve),
    )


def rounded_minutes(span: timedelta | None) -> float | None:
    return None if span is None else round(span.total_seconds() / 60, 2)
