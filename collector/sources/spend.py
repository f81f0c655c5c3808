"""The vendor's own running totals of the current cycle."""

from collections import defaultdict
from datetime import datetime
from decimal import Decimal
from typing import NamedTuple

from collector.base.days import utc_day
from collector.base.notes import DoubtKind, Notes, storable_raw
from collector.base.plausibility import (
    MOST_TOGETHER,
    ImplausibleValue,
    StatedInOtherUnit,
    plausible_cycle_start,
)
from collector.base.upsert import writing
from collector.collecting.windows import Window
from collector.cursor.client import CursorClient
from collector.cursor.errors import wrong_shape
from collector.cursor.pages import Page, Reading, read_all
from collector.cursor.records import MemberSpend, SpendAnswer
from collector.cursor.rows import parse, read_rows
from collector.facts import cycles, rollups
from collector.facts.doubts import store_notes
from collector.facts.roster import Identity, Roster, identify
from collector.models import BillingCycle, Doubt, Source, SpendSnapshot

from .base import Progress, SyncResult, silent

PATH = "/teams/spend"
# No maximum is documented; where the vendor caps it, `totalPages` says so.
PAGE_SIZE = 1000
FIGURES = (
    "meaning",
    "total_cents",
    "on_demand_cents",
    "included_cents",
    "premium_requests",
    "limit_dollars",
)
SUMS = ("spend_cents", "overall_spend_cents", "included_spend_cents", "fast_premium_requests")

StatedRow = tuple[MemberSpend, object]  # as read, and as it came


class SpendRow(NamedTuple):
    """A row as read and as it came, and the page that it came on."""

    record: MemberSpend
    raw: object
    page: int


class KnownSnapshots(NamedTuple):
    """A member's newest snapshot."""

    pk: int
    cursor_id: str
    taken_at: datetime
    figures: tuple[object, ...]


def sync(client: CursorClient, window: Window, progress: Progress = silent) -> SyncResult:
    """Read every member's spend of the current cycle; figures that moved become the day's snapshot."""
    starts: list[object] = []
    notes = Notes(PATH, window.read_at)

    def ask(number: int) -> Page[StatedRow]:
        # Sorted by a column that does not move while reading, unlike the amount.
        body = {"page": number, "pageSize": PAGE_SIZE, "sortBy": "user", "sortDirection": "asc"}
        answer = parse(SpendAnswer, client.post(PATH, body).payload, PATH, notes)
        starts.append(answer.subscription_cycle_start)
        rows = [(record, storable_raw(raw)) for record, raw in read_rows(MemberSpend, answer.rows, notes)]
        return answer.page(rows, answer.has_more(number))

    pages = read_all(ask, notes, count=_distinct).pages
    rows = [SpendRow(*row, number) for number, page in enumerate(pages) for row in page]
    if sum((_stated_cents(row.record) for row in rows), Decimal(0)) > MOST_TOGETHER:
        raise wrong_shape(PATH, "the members' spend adds up to more than a team can spend")
    with writing():
        cycle = _cycle_of(starts[-1], notes, window.read_at)
        new, changed = _store(rows, cycle, notes, window.read_at) if cycle else (0, 0)
        store_notes(Source.SPEND, notes)
    return SyncResult(len(rows), new, changed, notes.size)


def _stated_cents(record: MemberSpend) -> Decimal:
    return abs(record.overall_spend_cents or record.spend_cents or Decimal(0))


def _distinct(reading: Reading[StatedRow]) -> int:
    """Rows that came: one that a shifted page repeats counts once, rejected ones too."""
    ids = [record.user_id for record, _ in reading.rows() if record.user_id]
    return reading.came - len(ids) + len(set(ids))


def _cycle_of(stated: object, notes: Notes, at: datetime) -> BillingCycle | None:
    """The cycle that runs, as stated where that can be; else the one that is known to run, and a doubt.

    None where an earlier one is stated: until the next answer confirms it, its figures may be that one's.
    """
    try:
        start_at = cycles.same_start(plausible_cycle_start(stated, at))
    except StatedInOtherUnit as other:
        text, announced = f"subscriptionCycleStart {other}: read as such", f"{stated!r:.80}"
        notes.doubt(
            DoubtKind.CYCLE, text, subject="unit", where="subscriptionCycleStart", announced=announced
        )
        return _cycle_of(other.milliseconds, notes, at)
    except ImplausibleValue as problem:
        return _cycle_unless_stated(f"subscriptionCycleStart {problem}", stated, notes, at)
    contradicted = cycles.contradicted_by(start_at, at)
    subject = start_at.isoformat()
    if contradicted and not _was_named_before(subject):
        text = (
            f"in this answer the cycle begins at {start_at:%Y-%m-%d %H:%M}, which contradicts the known one "
            f"({contradicted[0]}): used once the next answer confirms it"
        )
        notes.doubt(DoubtKind.CYCLE, text, subject=subject, where="subscriptionCycleStart", announced=subject)
        return None if start_at < contradicted[0].start_at else _known_cycle(at)
    days = cycles.drop_contradicted(contradicted, start_at, at) if contradicted else set()
    cycle, others = cycles.learn(start_at, running_at=at)
    cycles.note_named(cycle, at)
    for day in days | others:
        rollups.recompute_days(day, day, at)
    return cycle


def _cycle_unless_stated(problem: str, stated: object, notes: Notes, at: datetime) -> BillingCycle | None:
    """The cycle that is known to run, or a guess where none was ever stated; and a doubt."""
    cycle, consequence = _known_cycle(at), "the known cycle is kept"
    if cycle is None or cycles.guesses():
        cycle, days = cycles.guess(at)
        consequence = f"{cycle} counts as the cycle until one is stated"
        for day in days:
            rollups.recompute_days(day, day, at)
    text, where = f"{problem}: {consequence}", "subscriptionCycleStart"
    notes.doubt(DoubtKind.CYCLE, text, where=where, announced=f"{stated!r:.80}")
    return cycle


def _known_cycle(at: datetime) -> BillingCycle | None:
    return BillingCycle.objects.at(at) or BillingCycle.objects.newest(at)


def _was_named_before(subject: str) -> bool:
    doubts = Doubt.objects.still_open().filter(source=Source.SPEND, scope=PATH, kind=DoubtKind.CYCLE)
    return doubts.filter(announced=subject).exists()


def _store(rows: list[SpendRow], cycle: BillingCycle, notes: Notes, at: datetime) -> tuple[int, int]:
    """Write the figures that moved since the newest snapshot; return how many are new, how many moved."""
    roster = Roster.load()
    roster.admit((_identity(row.record) for row in rows), at)
    listed = _by_member(rows, roster, notes)
    latest = _latest(cycle)
    _move_snapshots(listed, latest, cycle)
    confirmed, moved, first = [], [], 0
    for member_id, (record, raw, _) in listed.items():
        figures = figures_of(record)
        _doubt_figures(record, notes)
        last = latest.get(member_id)
        if last and last.figures == figures:
            confirmed.append(last.pk)
            continue
        first += last is None
        moved.append(
            SpendSnapshot(
                member_id=member_id,
                cycle=cycle,
                taken_at=last.taken_at if last and utc_day(last.taken_at) == utc_day(at) else at,
                confirmed_at=at,
                raw=raw,
                **dict(zip(FIGURES, figures, strict=True)),
            )
        )
    SpendSnapshot.objects.filter(pk__in=confirmed).update(confirmed_at=at)
    SpendSnapshot.objects.bulk_create(
        moved,
        update_conflicts=True,
        unique_fields=["member", "cycle", "taken_at"],
        update_fields=[*FIGURES, "confirmed_at", "raw"],
    )
    return first, len(moved) - first


def _by_member(rows: list[SpendRow], roster: Roster, notes: Notes) -> dict[int, SpendRow]:
    """One row per member. Rows of a member who left and came back, and rows without a member, add up.

    Pages may shift while they are read, which repeats a row: of two rows with one id on different pages the
    later counts. Different rows on one page add up.
    """
    listed: dict[int, dict[str, SpendRow]] = defaultdict(dict)
    for place, row in enumerate(rows):
        seats = listed[roster.member_id(_identity(row.record))]
        key = row.record.user_id or str(place)
        before = seats.get(key)
        if before and before.raw == row.raw:
            notes.doubt(DoubtKind.REPEATED, "an identical row appeared again: counted once", raw=row.raw)
        elif before and before.page == row.page:
            text = "one id has several rows on one page: their amounts are added up"
            cents = row.record.overall_spend_cents
            notes.doubt(DoubtKind.REPEATED, text, subject=key, cents=cents, raw=row.raw)
            key = f"{key} {place}"
        seats[key] = row
    return {member_id: _together(list(own_rows.values()), roster) for member_id, own_rows in listed.items()}


def _together(rows: list[SpendRow], roster: Roster) -> SpendRow:
    """A member's rows as one: their sums, unknown where a part is, and the limit of the seat in use."""
    if len(rows) == 1:
        return rows[0]
    in_use = max((row.record for row in rows), key=lambda record: record.user_id in roster.by_cursor_id)
    sums = {}
    for name in SUMS:
        parts = [getattr(row.record, name) for row in rows]
        sums[name] = None if None in parts else sum(parts)
    return SpendRow(in_use.model_copy(update=sums), {"rows": [row.raw for row in rows]}, rows[0].page)


def _doubt_figures(record: MemberSpend, notes: Notes) -> None:
    """Note amounts that do not fit together; they are stored as stated."""
    total, on_demand = record.overall_spend_cents, record.spend_cents
    if total is None:
        return
    if total < 0 or (on_demand or 0) < 0:
        notes.doubt(DoubtKind.NEGATIVE, "a member's spend is negative", cents=min(total, on_demand or total))
    elif on_demand is None:
        text = "spendCents is missing: on-demand spend is taken as 0"
        notes.doubt(DoubtKind.FIGURE, text, subject="spendCents", cents=total)
    elif on_demand > total:
        text = "spendCents (on-demand) is more than overallSpendCents (all)"
        notes.doubt(
            DoubtKind.FIGURE,
            text,
            subject="both",
            announced=total,
            counted=on_demand,
            cents=on_demand - total,
        )


def _move_snapshots(
    listed: dict[int, SpendRow], latest: dict[int, KnownSnapshots], cycle: BillingCycle
) -> None:
    """Move the cycle's snapshots to a member's new address: at the old one they would count twice."""
    heirs = {record.user_id: member_id for member_id, (record, _, _) in listed.items() if record.user_id}
    for old in latest.keys() - listed.keys():
        heir = heirs.get(latest[old].cursor_id)
        if heir is not None and heir not in latest:
            cycle.snapshots.filter(member=old).update(member=heir)
            latest[heir] = latest.pop(old)


def _latest(cycle: BillingCycle) -> dict[int, KnownSnapshots]:
    rows = SpendSnapshot.objects.latest_per_member(cycle).values_list(
        "member_id", "pk", "member__cursor_id", "taken_at", *FIGURES
    )
    return {
        member_id: KnownSnapshots(pk, cursor_id, taken_at, tuple(figures))
        for member_id, pk, cursor_id, taken_at, *figures in rows
    }


def _identity(record: MemberSpend) -> Identity:
    return identify(record.email, cursor_id=record.user_id)


def figures_of(record: MemberSpend) -> tuple[object, ...]:
    """Values of `FIGURES`. Without overallSpendCents nobody can say what spendCents holds: marked legacy."""
    total = record.overall_spend_cents
    requests, limit = record.fast_premium_requests, _limit_in_force(record)
    if total is None:
        return (SpendSnapshot.Meaning.LEGACY.value, None, None, record.included_spend_cents, requests, limit)
    on_demand = record.spend_cents or Decimal(0)
    return (SpendSnapshot.Meaning.CURRENT.value, total, on_demand, total - on_demand, requests, limit)


def _limit_in_force(record: MemberSpend) -> Decimal | None:
    """The limit in force; older answers give only its parts, where an override of 0 means none."""
    for limit in (record.effective_per_user_limit_dollars, record.hard_limit_override_dollars or None):
        if limit is not None:
            return limit.quantize(Decimal("0.01"))
    monthly = record.monthly_limit_dollars
    return None if monthly is None else monthly.quantize(Decimal("0.01"))
