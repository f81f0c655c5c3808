"""What a verdict leaves behind for the next run of detection."""

from datetime import datetime
from decimal import Decimal
from math import ceil

from django.db.models import QuerySet

from collector.models import Member
from detection import exemptions
from detection.models import Anomaly, Exemption
from detection.vocabulary import ExemptionKind
from incidents.models import Incident, TimelineEntry, TimelineStep, Verdict

CLOSING_VERDICTS = (Verdict.EXPECTED, Verdict.PLANNED, Verdict.TOO_SMALL)
LEAST_FLOOR_CENTS = 1


def replace_exemption(
    incident: Incident, by: str, now: datetime, until: datetime | None, reason: str
) -> None:
    """Revoke what earlier verdicts about the same left behind and leave what this one says; what an admin
    made by hand stays, and the team has no exemptions."""
    member = incident.member
    if member is None:
        return
    revoke_exemptions(incident, by, now)
    mark_real(incident, now)
    if incident.verdict in CLOSING_VERDICTS:
        is_too_small = incident.verdict == Verdict.TOO_SMALL
        exemptions.leave(
            member,
            incident.cause,
            incident.verdict,
            by=by,
            now=now,
            until_at=until,
            floor_cents=too_small_floor(incident) if is_too_small else None,
            reason=reason or f"Verdict on incident #{incident.pk}",
        )


def revoke_exemptions(incident: Incident, by: str, now: datetime) -> None:
    """Revoke what verdicts about the incident's member and cause left and is in force."""
    if incident.member is None:
        return
    Anomaly.objects.filter(incident_link__incident=incident).update(confirmed_at=None)
    for exemption in _left_by_verdicts(incident.member, incident.cause, now):
        exemptions.revoke(exemption, by=by, now=now)


def mark_real(incident: Incident, now: datetime) -> None:
    """Keep the spend of what is called a real problem out of what is usual."""
    if incident.verdict == Verdict.REAL:
        findings = Anomaly.objects.filter(incident_link__incident=incident, confirmed_at__isnull=True)
        findings.update(confirmed_at=now)


def is_exempt(incident: Incident, now: datetime) -> bool:
    """Whether an exemption in force covers whatever amount the incident's member and cause come to."""
    if incident.member is None:
        return False
    kinds = (ExemptionKind.EXPECTED, ExemptionKind.PLANNED)
    in_force = Exemption.objects.in_force(now).filter(kind__in=kinds)
    return in_force.filter(member=incident.member, cause=incident.cause).exists()


def is_accepted(incident: Incident, now: datetime) -> bool:
    """Whether a verdict on an incident of the team accepts what it found as it is: it leaves no exemption."""
    is_running = incident.planned_until is None or now < incident.planned_until
    return incident.member is None and incident.verdict in CLOSING_VERDICTS and is_running


def _left_by_verdicts(member: Member, cause: str, now: datetime) -> QuerySet[Exemption]:
    """Exemptions in force that a verdict about the member and cause left: made at the instant of one."""
    about = Incident.objects.about(member.pk, cause).order_by()
    verdicts = TimelineEntry.objects.filter(step=TimelineStep.VERDICT, incident__in=about).order_by()
    in_force = Exemption.objects.in_force(now).filter(member=member, cause=cause)
    return in_force.filter(created_at__in=verdicts.values("at"))


def too_small_floor(incident: Incident) -> Decimal:
    """The whole cents of 24 h that were too small this time: as much raises nothing the next time."""
    amounts = (found.operands.get("daily_cents", found.extra_cents) for found in incident.anomalies())
    return Decimal(max([LEAST_FLOOR_CENTS, *map(ceil, amounts)]))
