"""What a verdict leaves behind for the next run, and how it is taken back."""

from datetime import datetime, timedelta
from decimal import Decimal

from django.db import transaction

from collector.models import Member

from .models import DetectionSettings, Exemption
from .vocabulary import Cause, ExemptionKind


def leave(
    member: Member,
    cause: Cause | str,
    kind: ExemptionKind | str,
    *,
    by: str,
    now: datetime,
    until_at: datetime | None = None,
    floor_cents: Decimal | None = None,
    reason: str = "",
) -> Exemption:
    """Keep detection quiet about `member` and `cause` from the next run on.

    Expected spend without a date is exempt for as long as the own baseline looks back: by then it is
    history and counts as usual. Planned spend needs `until_at`; too small needs `floor_cents` and is only
    about spend; ValidationError says so.
    """
    if kind == ExemptionKind.EXPECTED and until_at is None:
        until_at = now + timedelta(days=DetectionSettings.get_solo().own_baseline_days)
    exemption = Exemption(
        member=member,
        cause=cause,
        kind=kind,
        until_at=until_at,
        floor_cents=floor_cents,
        reason=reason,
        created_by=by,
        created_at=now,
    )
    exemption.full_clean()
    exemption.save()
    return exemption


def revoke(exemption: Exemption, *, by: str, now: datetime) -> bool:
    """End it; False if it had been revoked before."""
    with transaction.atomic():
        running = (
            Exemption.objects.select_for_update().filter(pk=exemption.pk, revoked_at__isnull=True).first()
        )
        if running is None:
            return False
        running.revoked_at, running.revoked_by = now, by
        running.save(update_fields=["revoked_at", "revoked_by"])  # an update() would leave no history
    return True
