"""Cycles and spend of cursor-usage-tracker, where nothing was collected here."""

from __future__ import annotations

from datetime import date, datetime
from decimal import Decimal

from collector.facts import cycles, rollups
from collector.facts.roster import Roster, identify
from collector.models import BillingCycle, MemberModelDay, SpendSnapshot

from .database import ImportPart, TrackerDb, TrackerRow, amount, day, email, instant, number
from .people import BATCH, DayReader

SPENDING = (
    "email",
    "cycle_start",
    "spend_cents",
    "included_spend_cents",
    "fast_premium_requests",
    "monthly_limit_dollars",
    "hard_limit_override_dollars",
)


def billing_cycles(db: TrackerDb, at: datetime) -> ImportPart:
    """Cycles that the file names and nobody else has."""
    part = ImportPart("billing cycles")
    starts = {
        instant(row["cycle_start"]) for row in db.rows("spending", "cycle_start", only="GROUP BY cycle_start")
    }
    starts |= {
        instant(row["value"]) for row in db.rows("metadata", "key", "value", only="WHERE key = 'cycle_start'")
    }
    for start_at in sorted(start for start in starts if start):
        part.read += 1
        if cycles.of_day(start_at.date()):
            part.known += 1
            continue
        for changed in cycles.learn(start_at)[1]:
            rollups.recompute_days(changed, changed, at)
        part.taken += 1
    return part


def spend_snapshots(db: TrackerDb, at: datetime) -> ImportPart:
    """Spend by cycle. Which of three figures the file holds nobody can say: it counts as a legacy answer."""
    part = ImportPart("spend by cycle")
    roster = Roster.load()
    known = set(SpendSnapshot.objects.values_list("member_id", "cycle_id"))
    by_day: dict[date, BillingCycle | None] = {}
    new: dict[tuple[int, int], SpendSnapshot] = {}
    for row in db.rows("spending", *SPENDING):
        part.read += 1
        address, start = email(row["email"]), day(row["cycle_start"])
        if start and start not in by_day:
            by_day[start] = cycles.of_day(start)
        cycle = by_day.get(start) if start else None
        if not address or cycle is None:
            part.unusable += 1
            continue
        identity = identify(address)
        roster.admit([identity], at)
        spot = (roster.member_id(identity), cycle.pk)
        if spot in known:
            part.known += 1
        else:
            new[spot] = _snapshot(row, spot[0], cycle, at)
    SpendSnapshot.objects.bulk_create(new.values(), batch_size=BATCH)
    part.taken = len(new)
    return part


def _snapshot(row: TrackerRow, member_id: int, cycle: BillingCycle, at: datetime) -> SpendSnapshot:
    limit = row["hard_limit_override_dollars"] or row["monthly_limit_dollars"]
    taken_at = min(cycle.end_at, at)
    return SpendSnapshot(
        member_id=member_id,
        cycle=cycle,
        taken_at=taken_at,
        confirmed_at=taken_at,
        meaning=SpendSnapshot.Meaning.LEGACY,
        included_cents=amount(row["included_spend_cents"]),
        premium_requests=max(number(row["fast_premium_requests"]), 0),
        limit_dollars=amount(limit).quantize(Decimal("0.01")) if limit else None,
        raw=row,
    )


def daily_spend(db: TrackerDb, at: datetime) -> ImportPart:
    """Spend of days without events, as totals without a model; nothing says what was billed of it."""
    part = ImportPart("daily spend without events")
    known = set(MemberModelDay.objects.values_list("member_id", "day"))
    new: dict[tuple[int, date], MemberModelDay] = {}
    for member_id, on, row in DayReader(db, at).read(part, "daily_spend", "spend_cents"):
        if (member_id, on) in known or not amount(row["spend_cents"]):
            part.known += 1
            continue
        new[member_id, on] = MemberModelDay(
            member_id=member_id, day=on, total_cents=amount(row["spend_cents"]), updated_at=at
        )
    MemberModelDay.objects.bulk_create(new.values(), batch_size=BATCH)
    part.taken = len(new)
    return part
