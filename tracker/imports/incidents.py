"""Anomalies and incidents of cursor-usage-tracker, as history: nobody is notified of them."""

from collections.abc import Callable, Iterable, Iterator
from datetime import datetime
from math import isfinite

from detection.models import Anomaly
from detection.vocabulary import Cause, Rule, Severity
from incidents.models import Incident, IncidentAnomaly, Origin, Status, TimelineEntry, TimelineStep
from tracker.imports.database import Cell, ImportPart, OddValue, TrackerDb, TrackerRow, instant_of, label
from tracker.imports.taking import Taking

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


# In place of the anomaly of an incident whose own is not in the file.
LOST_ANOMALY: TrackerRow = {
    "type": "trend",
    "severity": "warning",
    "metric": "spend",
    "value": 0,
    "threshold": 0,
    "message": "An incident whose anomaly is not in the database of cursor-usage-tracker.",
    "diagnosis_model": "",
}


def take_history(db: TrackerDb, taking: Taking) -> list[ImportPart]:
    """Bring in the tracker's anomalies, and its incidents with what is known of their course.

    An anomaly without an incident gets one that is over: here every anomaly belongs to one, and one that
    belonged to none would raise an alarm. An incident without an anomaly gets one that says so.
    """
    anomalies, incidents = ImportPart("anomalies"), ImportPart("incidents")
    courses = {
        row["anomaly_id"]: row for row in db.rows("incidents", *INCIDENT_COLUMNS, only="ORDER BY rowid")
    }
    incidents.read = db.count("incidents")
    stored: set[tuple[int | None, str, datetime]] = set(
        Anomaly.objects.values_list("member_id", "rule", "detected_at")
    )
    rows = _anomaly_rows(db, anomalies, courses)
    new = list(_unknown_anomalies(rows, anomalies, stored, taking))
    taken_spots: set[tuple[int | None, str]] = set(
        Incident.objects.unresolved().values_list("member_id", "cause")
    )
    steps = []
    for row, anomaly in new:
        course = courses.get(row["id"])
        # Without an incident there: nobody acknowledged it, and it is over.
        ended = {**row, "acknowledged_at": None, "status": Status.RESOLVED}
        incident = _incident(course or ended, anomaly, taking.at)
        spot = (anomaly.member_id, str(anomaly.cause))
        if not incident.is_resolved and spot in taken_spots:
            _resolve(incident, taking.at)
        elif not incident.is_resolved:
            taken_spots.add(spot)
        incidents.taken += course is not None
        steps.append(_saving(incident, anomaly))
    if not taking.is_dry_run:
        taking.transactions.run(steps)
    return [anomalies, incidents]


def _anomaly_rows(db: TrackerDb, part: ImportPart, courses: dict[Cell, TrackerRow]) -> Iterator[TrackerRow]:
    """The anomalies, newest first, then what stands for those that the file lacks."""
    ids = set()
    for row in part.counted(db.rows("anomalies", *ANOMALY_COLUMNS, only="ORDER BY detected_at DESC")):
        ids.add(row["id"])
        yield row
    for anomaly_id, course in courses.items():
        if anomaly_id not in ids:
            part.read += 1
            yield {**LOST_ANOMALY, **course, "id": anomaly_id}


def _unknown_anomalies(
    rows: Iterable[TrackerRow],
    part: ImportPart,
    stored: set[tuple[int | None, str, datetime]],
    taking: Taking,
) -> Iterator[tuple[TrackerRow, Anomaly]]:
    """Yield anomalies that are not here yet, unsaved, all cleared: what still holds is detected again."""
    for row in rows:
        try:
            anomaly = _anomaly(row, taking)
        except OddValue as exc:
            part.reject(str(exc))
            continue
        spot = (anomaly.member_id, str(anomaly.rule), anomaly.detected_at)
        if spot not in stored:
            stored.add(spot)
            part.taken += 1
            yield row, anomaly


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


def _anomaly(row: TrackerRow, taking: Taking) -> Anomaly:
    """The anomaly of a row; OddValue where its time or member makes no sense."""
    detected_at = taking.instant(row["detected_at"])
    message = str(row["message"] or "").replace("\0", "")
    rule = rule_of(str(row["type"] or ""), str(row["metric"] or ""), message)
    cleared_at = max(instant_of(row["resolved_at"]) or taking.at, detected_at)
    return Anomaly(
        member_id=_member_id(row["user_email"], taking),
        rule=rule,
        cause=CAUSES.get(rule, Cause.SPEND),
        severity=row["severity"] if row["severity"] in Severity.values else Severity.WARNING,
        metric=label(row["metric"], 30),
        observed=_figure(row["value"]),
        bound=_figure(row["threshold"]),
        expected=0.0,
        detected_at=detected_at,
        last_seen_at=cleared_at,
        cleared_at=cleared_at,
        model=label(row["diagnosis_model"], 120),
        operands={"origin": BY},
        message=message,
    )


def _member_id(address: Cell, taking: Taking) -> int | None:
    """Whom it concerns; None for the whole team, which the tracker writes as a word that is no address."""
    if "@" not in str(address or ""):
        return None
    try:
        return taking.member_id(address)
    except KeyError:
        raise OddValue("for an address that is not a member's") from None


def _figure(value: Cell) -> float:
    try:
        figure = float(value or 0)
    except (TypeError, ValueError):
        return 0.0
    return figure if isfinite(figure) else 0.0


def _incident(row: TrackerRow, anomaly: Anomaly, at: datetime) -> Incident:
    """Still open there stays so, one a member and cause, and resolves itself once nothing is found."""
    alerted_at, acknowledged_at = instant_of(row["alerted_at"]), instant_of(row["acknowledged_at"])
    resolved_at = instant_of(row["resolved_at"])
    if resolved_at is None and row["status"] == Status.RESOLVED:
        resolved_at = at
    status = Status.ALERTED if alerted_at else Status.OPEN
    if acknowledged_at or resolved_at:
        status = Status.RESOLVED if resolved_at else Status.ACKNOWLEDGED
    return Incident(
        member_id=anomaly.member_id,
        cause=anomaly.cause,
        status=status,
        severity=anomaly.severity,
        message=anomaly.message,
        model=anomaly.model,
        detected_at=instant_of(row["detected_at"]) or anomaly.detected_at,
        alerted_at=alerted_at,
        acknowledged_at=acknowledged_at,
        acknowledged_by=BY if acknowledged_at else "",
        resolved_at=resolved_at,
        quiet_runs=1 if resolved_at else 0,  # its end is known: no run has to look into it
        last_run_at=at,
    )


def _resolve(incident: Incident, at: datetime) -> None:
    """End one that cannot stay open, since another of its member and cause is."""
    incident.status, incident.resolved_at, incident.quiet_runs = Status.RESOLVED, at, 1


def _saving(incident: Incident, anomaly: Anomaly) -> Callable[[], None]:
    def save() -> None:
        open_now = Incident.objects.unresolved().filter(member=incident.member_id, cause=incident.cause)
        if not incident.is_resolved and open_now.exists():
            _resolve(incident, incident.last_run_at or incident.detected_at)
        anomaly.save()
        incident.save()
        IncidentAnomaly.objects.create(incident=incident, anomaly=anomaly, joined_at=incident.detected_at)
        TimelineEntry.objects.bulk_create(_steps(incident))

    return save


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
                text="Imported from cursor-usage-tracker.",
            )
