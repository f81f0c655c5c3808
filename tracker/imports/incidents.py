"""Anomalies and incidents of cursor-usage-tracker, as history: nobody is told of them."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime

from collector.models import Member
from detection.models import Anomaly
from detection.vocabulary import Cause, Rule, Severity
from incidents.models import Incident, IncidentAnomaly, Origin, Status, TimelineEntry, TimelineStep
from tracker.imports.database import ImportPart, TrackerDb, TrackerRow, email, instant

BY = "cursor-usage-tracker"
ANOMALY_COLUMNS = (
    "id",
    "user_email",
    "type",
    "severity",
    "metric",
    "value",
    "threshold",
    "message",
    "detected_at",
    "resolved_at",
    "alerted_at",
    "diagnosis_model",
)
INCIDENT_COLUMNS = (
    "anomaly_id",
    "user_email",
    "status",
    "detected_at",
    "alerted_at",
    "acknowledged_at",
    "resolved_at",
)
# The tracker's type and metric: the rule that asks the same here. Trends of spend differ by their words.
RULES = {
    ("threshold", "spend"): Rule.CYCLE_LIMIT,
    ("threshold", "requests"): Rule.DAILY_REQUESTS,
    ("threshold", "tokens"): Rule.DAILY_TOKENS,
    ("zscore", "spend"): Rule.TEAM_SPEND,
    ("zscore", "requests"): Rule.TEAM_REQUESTS,
}
METRIC_RULES = {
    "plan_exhausted": Rule.PLAN_EXHAUSTED,
    "users_limited": Rule.MEMBERS_LIMITED,
    "team_budget": Rule.TEAM_BUDGET,
}
CAUSES = {
    Rule.DAILY_REQUESTS: Cause.REQUESTS,
    Rule.TEAM_REQUESTS: Cause.REQUESTS,
    Rule.DAILY_TOKENS: Cause.TOKENS,
    Rule.PLAN_EXHAUSTED: Cause.PLAN,
    Rule.MEMBERS_LIMITED: Cause.LIMIT,
    Rule.TEAM_BUDGET: Cause.BUDGET,
}


def take_history(db: TrackerDb, at: datetime) -> list[ImportPart]:
    """Bring in the tracker's anomalies, and its incidents with what is known of their course.

    An anomaly without an incident gets one that is over: here every anomaly belongs to one, and one that
    belonged to none would raise an alarm.
    """
    anomalies = ImportPart("anomalies")
    incidents = ImportPart("incidents")
    rows = {row["anomaly_id"]: row for row in db.rows("incidents", *INCIDENT_COLUMNS)}
    incidents.read = len(rows)
    open_spots: set[tuple[int | None, str]] = set(
        Incident.objects.unresolved().values_list("member_id", "cause")
    )
    for row, anomaly in _new_anomalies(db, anomalies, at):
        told = rows.get(row["id"])
        course = told or {**row, "acknowledged_at": None, "status": Status.RESOLVED}
        spot = (anomaly.member_id, anomaly.cause)
        incident = _incident(course, anomaly, at, may_stay_open=spot not in open_spots)
        if not incident.is_resolved:
            open_spots.add(spot)
        _save(incident, anomaly)
        incidents.taken += told is not None
    incidents.known = incidents.read - incidents.taken
    return [anomalies, incidents]


def rule_of(kind: str, metric: str, message: str) -> Rule:
    """The rule here that asks what an anomaly of this type and metric answered there."""
    if metric in METRIC_RULES:
        return METRIC_RULES[metric]
    if (kind, metric) in RULES:
        return RULES[kind, metric]
    words = message.lower()
    if "model" in words or "model" in metric:
        return Rule.EXPENSIVE_MODEL
    return Rule.CYCLE_OUTLIER if "median" in words or "cycle" in words else Rule.SPIKE


def _new_anomalies(db: TrackerDb, part: ImportPart, at: datetime) -> Iterator[tuple[TrackerRow, Anomaly]]:
    """Yield anomalies that are not here yet, newest first, unsaved.

    All count as cleared: whatever still holds is found here anew.
    """
    members = {member.email: member for member in Member.objects.all()}
    known: set[tuple[int | None, str, datetime]] = set(
        Anomaly.objects.values_list("member_id", "rule", "detected_at")
    )
    for row in db.rows("anomalies", *ANOMALY_COLUMNS, only="ORDER BY detected_at DESC"):
        part.read += 1
        anomaly = _anomaly(row, members, at)
        if anomaly is None:
            part.unusable += 1
            continue
        key = (anomaly.member_id, str(anomaly.rule), anomaly.detected_at)
        if key in known:
            part.known += 1
        else:
            known.add(key)
            part.taken += 1
            yield row, anomaly


def _anomaly(row: TrackerRow, members: dict[str, Member], at: datetime) -> Anomaly | None:
    detected_at, address = instant(row["detected_at"]), email(row["user_email"])
    # The tracker writes what concerns the whole team under a word that is no address.
    if detected_at is None or ("@" in address and address not in members):
        return None
    message = str(row["message"] or "")
    rule = rule_of(str(row["type"] or ""), str(row["metric"] or ""), message)
    cleared_at = max(instant(row["resolved_at"]) or at, detected_at)
    return Anomaly(
        member=members.get(address),
        rule=rule,
        cause=CAUSES.get(rule, Cause.SPEND),
        severity=row["severity"] if row["severity"] in Severity.values else Severity.WARNING,
        metric=str(row["metric"] or "")[:30],
        observed=float(row["value"] or 0),
        bound=float(row["threshold"] or 0),
        expected=0.0,
        detected_at=detected_at,
        last_seen_at=cleared_at,
        cleared_at=cleared_at,
        model=str(row["diagnosis_model"] or "")[:120],
        operands={"origin": BY},
        message=message,
    )


def _incident(row: TrackerRow, anomaly: Anomaly, at: datetime, *, may_stay_open: bool) -> Incident:
    """Still open there stays so, one a member and cause, and resolves itself once nothing is found."""
    alerted_at, acknowledged_at = instant(row["alerted_at"]), instant(row["acknowledged_at"])
    resolved_at = instant(row["resolved_at"])
    if resolved_at is None and (row["status"] == Status.RESOLVED or not may_stay_open):
        resolved_at = at
    status = Status.OPEN
    for reached, when in (
        (Status.ALERTED, alerted_at),
        (Status.ACKNOWLEDGED, acknowledged_at),
        (Status.RESOLVED, resolved_at),
    ):
        status = reached if when else status
    return Incident(
        member=anomaly.member,
        cause=anomaly.cause,
        status=status,
        severity=anomaly.severity,
        message=anomaly.message,
        model=anomaly.model,
        detected_at=instant(row["detected_at"]) or anomaly.detected_at,
        alerted_at=alerted_at,
        acknowledged_at=acknowledged_at,
        acknowledged_by=BY if acknowledged_at else "",
        resolved_at=resolved_at,
        quiet_runs=1 if resolved_at else 0,  # its end is known: no run has to look into it
        last_run_at=at,
    )


def _save(incident: Incident, anomaly: Anomaly) -> None:
    anomaly.save()
    incident.save()
    IncidentAnomaly.objects.create(incident=incident, anomaly=anomaly, joined_at=incident.detected_at)
    TimelineEntry.objects.bulk_create(_steps(incident))


def _steps(incident: Incident) -> Iterator[TimelineEntry]:
    """What is known of the incident's course."""
    course = (
        (TimelineStep.OPENED, incident.detected_at),
        (TimelineStep.ALERTED, incident.alerted_at),
        (TimelineStep.ACKNOWLEDGED, incident.acknowledged_at),
        (TimelineStep.RESOLVED, incident.resolved_at),
    )
    for step, when in course:
        if when:
            yield TimelineEntry(
                incident=incident,
                step=step,
                at=when,
                actor_name=BY,
                origin=Origin.SYSTEM,
                severity=incident.severity,
                text="Brought in from cursor-usage-tracker.",
            )
