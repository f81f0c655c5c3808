"""Incidents and limits when two members are merged."""

from operator import attrgetter

from collector.facts.merge_hooks import Merging
from detection.vocabulary import Severity
from incidents.models import (
    Incident,
    IncidentAnomaly,
    LimitChange,
    LimitRequest,
    Origin,
    Status,
    TimelineEntry,
    TimelineStep,
)


def move_incidents(merging: Merging) -> None:
    """Move incidents; of two unresolved ones with one cause, one takes over the other's findings."""
    mine = Incident.objects.unresolved().filter(member_id=merging.keep.pk)
    for incident in mine:
        twin = Incident.objects.unresolved().filter(member_id=merging.gone.pk, cause=incident.cause).first()
        if twin:
            pair = sorted((incident, twin), key=lambda one: (not one.acknowledged_at, one.detected_at))
            _join(merging, *pair)
    merging.journal.move(Incident.objects.filter(member_id=merging.gone.pk), merging.keep.pk)


def move_limits(merging: Merging) -> None:
    """Move limits; of two that are under way at once the kept member's goes on."""
    keep, gone, journal = merging.keep.pk, merging.gone.pk, merging.journal
    changes = LimitChange.objects.filter(member_id=gone)
    if LimitChange.objects.unfinished().filter(member_id=keep).exists():
        message = f"{merging.gone.email} was merged into {merging.keep.email}, whose limit is being changed."
        skipped = {"status": LimitChange.Status.SKIPPED, "finished_at": merging.now, "message": message}
        journal.change(changes.unfinished(), **skipped)
    journal.move(changes, keep)
    requests = LimitRequest.objects.filter(member_id=gone)
    pending = LimitRequest.Status.PENDING
    if LimitRequest.objects.filter(member_id=keep, status=pending).exists():
        expired = {"status": LimitRequest.Status.EXPIRED, "decided_at": merging.now, "decided_by": merging.by}
        journal.change(requests.filter(status=pending), **expired)
    journal.move(requests, keep)


def _join(merging: Merging, first: Incident, second: Incident) -> None:
    journal = merging.journal
    journal.move(IncidentAnomaly.objects.filter(incident=second), first.pk, field="incident_id")
    journal.change(
        Incident.objects.filter(pk=second.pk),
        status=Status.RESOLVED,
        resolved_at=merging.now,
        resolved_by=merging.by,
        resolved_severity=second.severity,
        snoozed_until=None,
    )
    gravest = max((first.severity, second.severity), key=lambda severity: Severity(severity).rank)
    begun = [incident for incident in (first, second) if incident.onset_at]
    earlier = min(begun, key=attrgetter("onset_at"), default=first)
    snoozes = [incident.snoozed_until for incident in (first, second) if incident.snoozed_until]
    journal.change(
        Incident.objects.filter(pk=first.pk),
        severity=gravest,
        onset_at=earlier.onset_at,
        onset_collected_at=earlier.onset_collected_at,
        snoozed_until=min(snoozes) if len(snoozes) == 2 else None,  # a snooze was about its own findings
    )
    who = f"{merging.gone.email} was merged into {merging.keep.email}"
    journal.create(
        [
            _entry(merging, first, f"{who}: takes over incident #{second.pk}", first.status),
            _entry(merging, second, f"{who}: goes on as incident #{first.pk}", Status.RESOLVED),
        ]
    )


def _entry(merging: Merging, incident: Incident, text: str, to: str) -> TimelineEntry:
    step = TimelineStep.RESOLVED if to == Status.RESOLVED else TimelineStep.JOINED
    return TimelineEntry(
        incident=incident,
        step=step,
        at=merging.now,
        actor_name=merging.by,
        origin=Origin.SYSTEM,
        from_status=incident.status,
        to_status=to,
        severity=incident.severity,
        text=text,
    )
