"""What a verdict leaves behind for the next run of detection."""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal
from math import ceil

from detection import exemptions
from detection.models import Exemption
from incidents.models import Incident, Verdict

CLOSING_VERDICTS = (Verdict.EXPECTED, Verdict.PLANNED, Verdict.TOO_SMALL)
LEAST_FLOOR_CENTS = 1


def replace_exemption(
    incident: Incident, by: str, now: datetime, until: datetime | None, reason: str
) -> None:
    """Revoke what an earlier verdict left behind and leave what this one says; the team has no exemptions."""
    member = incident.member
    if member is None:
        return
    for before in Exemption.objects.in_force(now).filter(member=member, cause=incident.cause):
        exemptions.revoke(before, by=by, now=now)
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


def too_small_floor(incident: Incident) -> Decimal:
    """The whole cents of 24 h that were too small this time: as much raises nothing the next time."""
    anomalies = (finding.anomaly for finding in incident.findings.select_related("anomaly"))
    amounts = (anomaly.operands.get("daily_cents", anomaly.extra_cents) for anomaly in anomalies)
    return Decimal(max([LEAST_FLOOR_CENTS, *map(ceil, amounts)]))
