"""The events' sums against the vendor's own totals of a cycle, and where the difference comes from."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal

from django.db.models import Max, Sum

from collector.base.money import cents
from collector.base.plausibility import MOST_TOGETHER
from collector.models import (
    BillingCycle,
    MemberModelDay,
    Reconciliation,
    RejectedRow,
    Source,
    SpendSnapshot,
    UsageEvent,
    Watermark,
)

# The vendor aggregates hourly: what happened in the hour before a snapshot may not be in it yet.
AGGREGATION = timedelta(hours=1)
# For so long a closed cycle's events are still read again, so its sums may still move.
SETTLING = timedelta(days=7)

ZERO = Decimal(0)


@dataclass(frozen=True)
class CycleSums:
    """What is known of one cycle, in cents; snapshot sums are None where their meaning is uncertain."""

    events_total: Decimal
    events_billed: Decimal
    snapshot_total: Decimal | None
    snapshot_on_demand: Decimal | None
    no_seat: Decimal = ZERO  # events of members whom no snapshot names
    rejected: Decimal = ZERO  # events that could not be read, as far as their money is clear
    recent: Decimal = ZERO  # events of the hour before the snapshot, and since
    is_history_missing: bool = False  # the cycle began before the oldest event that the API gave


def explain_difference(sums: CycleSums) -> list[dict[str, str]]:
    """Parts of (snapshot − events), each {reason, cents}; they add up to the difference exactly."""
    if sums.snapshot_total is None:
        return []
    remainder = sums.snapshot_total - sums.events_total
    parts = {"no_seat": -sums.no_seat}
    remainder += sums.no_seat
    parts["rejected"] = min(max(remainder, ZERO), sums.rejected)
    remainder -= parts["rejected"]
    # Either side may be ahead by what was spent just now.
    parts["late"] = min(max(remainder, -sums.recent), sums.recent)
    remainder -= parts["late"]
    parts["outside_retention"] = remainder if remainder > 0 and sums.is_history_missing else ZERO
    remainder -= parts["outside_retention"]
    parts["unexplained"] = remainder
    return [{"reason": reason, "cents": str(amount)} for reason, amount in parts.items() if amount]


def reconcile(now: datetime) -> list[Reconciliation]:
    """Compare the current cycle, and one that closed lately; a new row only where a figure moved."""
    open_or_settling = BillingCycle.objects.filter(start_at__lte=now, end_at__gt=now - SETTLING)
    return [row for cycle in open_or_settling if (row := _compare(cycle, now))]


def _compare(cycle: BillingCycle, now: datetime) -> Reconciliation | None:
    if not cycle.snapshots.exists():
        return None
    sums = measure(cycle)
    if max(abs(sums.events_total), abs(sums.snapshot_total or ZERO)) > MOST_TOGETHER:
        return None  # no column holds it, and no team has spent it
    figures: dict[str, object] = {
        "events_total_cents": sums.events_total,
        "events_billed_cents": sums.events_billed,
        "snapshot_total_cents": sums.snapshot_total,
        "snapshot_on_demand_cents": sums.snapshot_on_demand,
        "explanation": explain_difference(sums),
    }
    newest = cycle.reconciliations.first()
    if newest and all(getattr(newest, name) == value for name, value in figures.items()):
        return None
    return Reconciliation.objects.update_or_create(cycle=cycle, taken_at=now, defaults=figures)[0]


def _rejected(cycle: BillingCycle) -> Decimal:
    rows = RejectedRow.objects.still_open().filter(
        source=Source.EVENTS, start_at__gte=cycle.start_at, start_at__lt=cycle.end_at
    )
    return cents(rows.aggregate(cents=Sum("cents"))["cents"])


def measure(cycle: BillingCycle) -> CycleSums:
    """The sums of `cycle` as stored now."""
    snapshots = SpendSnapshot.objects.latest_per_member(cycle)
    snapshot_sums = snapshots.aggregate(
        total=Sum("total_cents"), on_demand=Sum("on_demand_cents"), at=Max("confirmed_at")
    )
    is_legacy = snapshots.filter(meaning=SpendSnapshot.Meaning.LEGACY).exists()
    days = MemberModelDay.objects.in_cycle(cycle)
    spent = days.spend()
    without_seat = days.exclude(member__in=snapshots.values("member")).spend()
    since = max(snapshot_sums["at"] - AGGREGATION, cycle.start_at)
    recent = UsageEvent.objects.between(since, cycle.end_at).filter(member__in=snapshots.values("member"))
    mark = Watermark.objects.filter(source=Source.EVENTS).first()
    return CycleSums(
        events_total=cents(spent["total_cents"]),
        events_billed=cents(spent["billed_cents"]),
        snapshot_total=None if is_legacy else cents(snapshot_sums["total"]),
        snapshot_on_demand=None if is_legacy else cents(snapshot_sums["on_demand"]),
        no_seat=cents(without_seat["total_cents"]),
        rejected=_rejected(cycle),
        recent=cents(recent.aggregate(cents=Sum("charged_cents"))["cents"]),
        is_history_missing=bool(mark and mark.complete_from_at and mark.complete_from_at > cycle.start_at),
    )
