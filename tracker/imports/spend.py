"""Cycles and spend of cursor-usage-tracker, where nothing was collected here."""

from collections.abc import Set
from datetime import date, datetime
from decimal import Decimal
from functools import partial

from collector.base.notes import storable_raw
from collector.base.plausibility import MOST_CHARGE
from collector.base.short_transactions import batches
from collector.cursor.values import LARGEST_INTEGER
from collector.facts import cycles
from collector.imports.usage import learn_cycle
from collector.models import BillingCycle, MemberModelDay, SpendSnapshot

from .database import (
    ImportPart,
    OddValue,
    TrackerDb,
    TrackerRow,
    amount,
    day_of,
    instant_of,
    some_count,
    units,
)
from .people import member_day, rows_of_days
from .taking import Taking

SPENDING = (
    "email",
    "cycle_start",
    "spend_cents",
    "included_spend_cents",
    "fast_premium_requests",
    "monthly_limit_dollars",
    "hard_limit_override_dollars",
)


def take_cycles(db: TrackerDb, taking: Taking) -> ImportPart:
    """Cycles that the file names and nobody else has."""
    part = ImportPart("billing cycles")
    starts = [row["cycle_start"] for row in db.rows("spending", "cycle_start", only="GROUP BY cycle_start")]
    starts += [row["value"] for row in db.rows("metadata", "key", "value", only="WHERE key = 'cycle_start'")]
    for start_at in sorted({start for text in starts if (start := instant_of(text)) and start <= taking.at}):
        part.read += 1
        if start_at.date() in taking.cycle_days or cycles.of_day(start_at.date()):
            continue
        taking.cycle_days.add(start_at.date())
        if not taking.is_dry_run:
            taking.transactions.run([partial(learn_cycle, start_at, taking.at)])
        part.taken += 1
    return part


def take_snapshots(db: TrackerDb, taking: Taking) -> ImportPart:
    """Spend by cycle. Which of three figures the file holds nobody can say: it counts as a legacy answer."""
    part = ImportPart("spend by cycle")
    stored = set(SpendSnapshot.objects.values_list("member_id", "cycle_id"))
    by_day: dict[date | None, BillingCycle | None] = {}
    new: dict[tuple[int, int | date], SpendSnapshot] = {}
    rows = db.rows("spending", *SPENDING)
    for row in part.counted(taking.watched(part.name, db.count("spending"), rows)):
        start = day_of(row["cycle_start"])
        if start not in by_day:
            by_day[start] = cycles.of_day(start) if start else None
        try:
            spot, snapshot = _snapshot(row, start, by_day[start], taking)
        except OddValue as exc:
            part.reject(str(exc))
            continue
        if spot not in stored:
            new[spot] = snapshot
    taking.transactions.create(SpendSnapshot, batches(new.values(), id))
    part.taken = len(new)
    return part


def _snapshot(
    row: TrackerRow, start: date | None, cycle: BillingCycle | None, taking: Taking
) -> tuple[tuple[int, int | date], SpendSnapshot]:
    """The snapshot of a row, and what names it; OddValue where no cycle is known, or no member."""
    if start is None or (cycle is None and start not in taking.cycle_days):
        raise OddValue("without a billing cycle")
    member_id = taking.member_id(row["email"])
    limit = units(row["hard_limit_override_dollars"] or row["monthly_limit_dollars"])
    taken_at = min(cycle.end_at, taking.at) if cycle else taking.at
    requests = some_count(row["fast_premium_requests"])
    snapshot = SpendSnapshot(
        member_id=member_id,
        cycle=cycle,
        taken_at=taken_at,
        confirmed_at=taken_at,
        meaning=SpendSnapshot.Meaning.LEGACY,
        included_cents=amount(row["included_spend_cents"]),
        premium_requests=requests if requests is not None and requests <= LARGEST_INTEGER else None,
        limit_dollars=limit.quantize(Decimal("0.01")) if limit else None,
        raw=storable_raw(row),
    )
    return (member_id, cycle.pk if cycle else start), snapshot


def take_daily_spend(db: TrackerDb, taking: Taking) -> ImportPart:
    """Spend of days without events, as totals without a model; nothing says what was billed of it."""
    part = ImportPart("daily spend without events")
    rows = rows_of_days(db, taking, part, "daily_spend", "spend_cents")
    days = part.readable(rows, partial(_spend_of_day, taking.at, cycles.whole_first_days()))
    stored = {*MemberModelDay.objects.values_list("member_id", "day"), *taking.days_with_events}
    taking.store_new(part, MemberModelDay, (day for day in days if day.total_cents), stored, member_day)
    return part


def _spend_of_day(
    at: datetime, whole_first_days: Set[date], member_id: int, on: date, row: TrackerRow
) -> MemberModelDay:
    spent = amount(row["spend_cents"], MOST_CHARGE)
    if spent is None:
        raise OddValue("without an amount")
    is_after_turn = on in whole_first_days
    return MemberModelDay(
        member_id=member_id, day=on, is_after_turn=is_after_turn, total_cents=spent, updated_at=at
    )
