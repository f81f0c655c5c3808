"""After each detection: anomalies open, join, raise, reopen and resolve incidents."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Sequence
from datetime import datetime
from typing import TYPE_CHECKING, Any

from django.db import IntegrityError, transaction

from collector.base.connections import attempt
from collector.base.days import CLOCKS_DIFFER
from collector.models import Member, UsageEvent
from detection.findings.wording import listing
from detection.models import Anomaly
from detection.vocabulary import Severity
from incidents.channels import registry
from incidents.models import Incident, IncidentAnomaly, IncidentSettings, Status, TimelineStep
from incidents.notifying.recording import may_alert
from incidents.wording import instant

from .exemptions import is_accepted, is_exempt, mark_real
from .growth import floor_cents, growth, stated_cents
from .intake_run import Run, TakeInReport
from .moves import UNRESOLVED, Transition, transition, write
from .people import reopening, resolution, with_verdict_taken_back

if TYPE_CHECKING:  # pandas is behind it, which no web process needs
    from detection.engine import DetectionReport


def take_in(report: DetectionReport, now: datetime) -> TakeInReport:
    """Bring incidents up to date with the anomalies; doing it twice for one run changes nothing."""
    registry.seed_channels()  # before anything is recorded: an alert is recorded for the channels there are
    no_data = frozenset(str(gap.rule) for gap in report.no_data)
    run = Run(report.as_of, now, no_data, IncidentSettings.get_solo(), floor_cents())
    # One incident that makes a step fail must not keep people from hearing of the others.
    done = Counter[str]()
    for anomalies in unplaced():
        done[attempt(done, place, anomalies, run) or ""] += 1
    for incident, anomalies in followed():
        done[attempt(done, follow, incident, anomalies, run) or ""] += 1
    del done[""]
    return TakeInReport(**done, unresolved=Incident.objects.unresolved().count())


def unplaced() -> list[list[Anomaly]]:
    """Anomalies that belong to no incident yet, those of one member and cause together."""
    together: dict[tuple[int | None, str], list[Anomaly]] = defaultdict(list)
    waiting = Anomaly.objects.filter(incident_link__isnull=True)
    # Information that no longer holds is of no interest.
    for anomaly in waiting.exclude(severity=Severity.INFO, cleared_at__isnull=False).order_by(
        "detected_at", "pk"
    ):
        together[anomaly.member_id, anomaly.cause].append(anomaly)
    return list(together.values())


def followed() -> list[tuple[Incident, list[Anomaly]]]:
    """Incidents that are unresolved or have a finding that holds, each with all its anomalies."""
    holding = Incident.objects.filter(findings__anomaly__cleared_at__isnull=True)
    just_resolved = Incident.objects.filter(status=Status.RESOLVED, quiet_runs=0)
    incidents = (
        (Incident.objects.unresolved() | holding | just_resolved)
        .distinct()
        .order_by("pk")
        .select_related("member")
        .prefetch_related("findings__anomaly")
    )
    return [(incident, [link.anomaly for link in incident.findings.all()]) for incident in incidents]


def place(anomalies: Sequence[Anomaly], run: Run) -> str:
    """Put new anomalies of one member and cause into their incident; return what that did to it."""
    same = Incident.objects.about(anomalies[0].member_id, anomalies[0].cause)
    try:
        with transaction.atomic():
            last = same.order_by("-resolved_at", "-pk").first()
            return settle(anomalies, same.unresolved().first(), last, run)
    except IntegrityError:
        # Another process placed them, or somebody reopened the incident, in between.
        links = IncidentAnomaly.objects
        unplaced = [anomaly for anomaly in anomalies if not links.filter(anomaly=anomaly).exists()]
        current = same.unresolved().first()
        if not unplaced or current is None:
            return ""
        with transaction.atomic():
            return settle(unplaced, current, None, run)


def is_information(anomalies: Sequence[Anomaly]) -> bool:
    """Whether there is nothing but information among them, which never makes an incident."""
    return all(anomaly.severity == Severity.INFO for anomaly in anomalies)


def settle(anomalies: Sequence[Anomaly], current: Incident | None, last: Incident | None, run: Run) -> str:
    """Join `current`; else reopen the one resolved `last`, within the reopen window or its snooze, or where a
    finding of its own is back; else open a new incident."""
    if current:
        link(current, anomalies, run)
        mark_real(current, run.now)
        text = "; ".join(str(anomaly.get_rule_display()) for anomaly in anomalies)
        transition(current, Transition(TimelineStep.JOINED, UNRESOLVED, None, text), run.now)
        return "joined"
    holding = list(Anomaly.objects.open().filter(incident_link__incident=last)) if last else []
    if is_information([*holding, *anomalies]):
        return ""
    if last and (reason := reopens_within(last, run) or (holding and comeback_reason(last, holding, run))):
        link(last, anomalies, run)
        come_back(last, [*holding, *anomalies], reason, run)
        return "reopened"
    if is_information(anomalies):
        return ""
    open_new(anomalies, run)
    return "opened"


def reopens_within(last: Incident, run: Run) -> str:
    """Why the same cause reopens this resolved incident: reopen window or snooze; empty if it does not."""
    reopens_until = last.reopens_until(run.policy.reopen_window)
    if reopens_until and run.now < reopens_until:
        return "the same cause again within the reopen window"
    return "the same cause again within the snooze" if last.is_snoozed(run.now) else ""


def link(incident: Incident, anomalies: Sequence[Anomaly], run: Run) -> None:
    IncidentAnomaly.objects.bulk_create(
        [IncidentAnomaly(incident=incident, anomaly=anomaly, joined_at=run.now) for anomaly in anomalies]
    )


def open_new(anomalies: Sequence[Anomaly], run: Run) -> None:
    """Open an incident that began where the first finding that alarms did: information only keeps it company,
    and a cycle may have stood out for days before."""
    first = anomalies[0]
    alarms = [anomaly for anomaly in anomalies if not is_information([anomaly])]
    onset_at = min((alarm.onset_at for alarm in alarms if alarm.onset_at), default=None)
    incident = Incident.objects.create(
        member_id=first.member_id,
        cause=first.cause,
        onset_at=onset_at,
        onset_collected_at=collected_at(first.member_id, onset_at),
        detected_at=min(alarm.detected_at for alarm in alarms),
        last_run_at=run.as_of,
        **figures(anomalies),
    )
    link(incident, anomalies, run)
    write(incident, TimelineStep.OPENED, "", run.now, before="")


def collected_at(member_id: int | None, onset_at: datetime | None) -> datetime | None:
    """When the member's event at the onset was first stored here."""
    if member_id is None or onset_at is None:
        return None
    events = UsageEvent.objects.filter(member_id=member_id, occurred_at__gte=onset_at)
    return events.order_by("occurred_at").values_list("first_seen_at", flat=True).first()


def figures(anomalies: Sequence[Anomaly]) -> dict[str, Any]:
    """What an incident shows of its findings: the most severe one, and the largest amount of any."""
    gravest = max(anomalies, key=lambda anomaly: (Severity(anomaly.severity).rank, anomaly.extra_cents))
    return {
        "stated_cents": max(map(stated_cents, anomalies)),
        "severity": gravest.severity,
        "message": gravest.message,
        "model": gravest.model,
        "extra_cents": gravest.extra_cents,
    }


def follow(incident: Incident, anomalies: Sequence[Anomaly], run: Run) -> str:
    """Bring one incident up to date with its findings; return what that did to it, empty for nothing."""
    holding = [anomaly for anomaly in anomalies if anomaly.cleared_at is None]
    if incident.is_resolved:
        return follow_resolved(incident, holding, run)
    if holding:
        return refresh(incident, holding, run)
    return count_quiet(incident, {anomaly.rule for anomaly in anomalies}, run)


def follow_resolved(incident: Incident, holding: Sequence[Anomaly], run: Run) -> str:
    if not holding:
        Incident.objects.filter(pk=incident.pk, status=Status.RESOLVED, quiet_runs=0).update(quiet_runs=1)
        return ""
    if is_information(holding):
        return ""
    reason = comeback_reason(incident, holding, run)
    if not reason or Incident.objects.about(incident.member_id, incident.cause).unresolved().exists():
        return ""
    try:
        return "reopened" if come_back(incident, holding, reason, run) else ""
    except IntegrityError:
        return ""  # a new one about the same was opened in between; the next run joins it


def comeback_reason(incident: Incident, holding: Sequence[Anomaly], run: Run) -> str:
    """Why a resolved incident whose findings hold must be open again; empty while a person's word counts."""
    if is_exempt(incident, run.now):
        return ""  # the next detection follows the verdict
    if incident.quiet_runs:
        return "the finding is back"
    worst = max(Severity(anomaly.severity).rank for anomaly in holding)
    if worst > Severity(incident.resolved_severity or incident.severity).rank:
        return "the finding got worse after it was resolved"
    if grown := growth(incident, holding, run.floor_cents):
        return f"{grown} after it was resolved"
    if new := newly_named(incident, holding):
        return new
    reopens_until = incident.reopens_until(run.policy.reopen_window)
    if reopens_until and reopens_until <= run.now and not is_accepted(incident, run.now):
        return f"the finding still holds after the reopen window, {instant(run.now)}"
    return ""


def come_back(incident: Incident, anomalies: Sequence[Anomaly], reason: str, run: Run) -> bool:
    text = with_verdict_taken_back(incident, reason)
    move = Transition(TimelineStep.REOPENED, (Status.RESOLVED,), Status.OPEN, text)
    changes = {**reopening(run.now), **figures(anomalies), "last_run_at": run.as_of}
    # What a person has said since the reason was found counts.
    where = {"resolved_at": incident.resolved_at, "verdict": incident.verdict}
    return transition(incident, move, run.now, where=where, **changes)


def refresh(incident: Incident, holding: Sequence[Anomaly], run: Run) -> str:
    """Show the findings as they are now; worse ones alert again. Severity never falls by itself."""
    changes = {**figures(holding), "quiet_runs": 0, "last_run_at": run.as_of}
    is_raised = Severity(changes["severity"]).rank > Severity(incident.severity).rank
    raised = f"{incident.severity} to {changes['severity']}" if is_raised else ""
    if not is_raised:
        del changes["severity"]
    # Where nobody is alerted, every run would list the same growth again; a snoozed one alerts when it wakes.
    grown = growth(incident, holding, run.floor_cents) if may_alert(incident, run.now) else ""
    worse = [text for text in (raised, grown, newly_named(incident, holding)) if text]
    if not worse:
        Incident.objects.filter(pk=incident.pk).update(**changes)
        return ""
    move = Transition(TimelineStep.WORSENED, UNRESOLVED, None, "; ".join(worse))
    where = {"severity": incident.severity, "last_run_at": incident.last_run_at}
    return "worsened" if transition(incident, move, run.now, where=where, **changes) else ""


def newly_named(incident: Incident, holding: Sequence[Anomaly]) -> str:
    """Members whom a finding of the team names for the first time since the last run, in words, or empty."""
    new = set().union(*(anomaly.named_after(incident.last_run_at) for anomaly in holding))
    return f"now {listing(map(str, Member.objects.filter(pk__in=new)))} too" if new else ""


def count_quiet(incident: Incident, rules: set[str], run: Run) -> str:
    """One more run without its findings; enough of them resolve it. A run without data does not count."""
    was_counted = run.as_of <= incident.last_run_at <= run.now + CLOCKS_DIFFER
    if was_counted or rules & run.no_data:
        return ""
    quiet = incident.quiet_runs + 1
    counted: dict[str, Any] = {"quiet_runs": quiet, "last_run_at": run.as_of}
    where = {"last_run_at": incident.last_run_at}
    if quiet < run.policy.quiet_runs or (
        run.policy.keep_open_until_reviewed and quiet > run.policy.quiet_runs
    ):
        Incident.objects.filter(pk=incident.pk, **where).update(**counted)
        return ""
    if run.policy.keep_open_until_reviewed:
        move = Transition(TimelineStep.QUIET, UNRESOLVED, None, "stays open until somebody reviews it")
        transition(incident, move, run.now, where=where, **counted)
        return ""
    move = Transition(TimelineStep.RESOLVED, UNRESOLVED, Status.RESOLVED, f"cleared for {quiet} runs")
    changes = {**resolution("", run.now), **counted}
    return "resolved" if transition(incident, move, run.now, where=where, **changes) else ""
