"""The vendor's own running totals of the current cycle."""

from __future__ import annotations

from collections import defaultdict
from datetime import datetime
from decimal import Decimal
from typing import Any, NamedTuple

from collector.base.days import utc_day
from collector.base.upsert import writing
from collector.collecting.windows import Window
from collector.cursor.client import CursorClient
from collector.cursor.pages import Page, read_all
from collector.cursor.records import MemberSpend, SpendAnswer, parse
from collector.cursor.values import storable
from collector.facts import cycles, rollups
from collector.facts.roster import Identity, Roster, identify
from collector.models import BillingCycle, SpendSnapshot

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

Row = tuple[MemberSpend, dict[str, Any]]  # as read, and as it came


class KnownSnapshots(NamedTuple):
    """A member's newest snapshot."""

    pk: int
    cursor_id: str
    taken_at: datetime
    figures: tuple[Any, ...]


def sync(client: CursorClient, window: Window, progress: Progress = silent) -> SyncResult:
    """Read every member's spend of the current cycle; figures that moved become the day's snapshot."""
    starts: list[datetime] = []

    def ask(number: int) -> Page[Row]:
        # Sorted by a column that does not move while reading, unlike the amount.
        body = {"page": number, "pageSize": PAGE_SIZE, "sortBy": "user", "sortDirection": "asc"}
        payload = client.post(PATH, body).payload
        answer = parse(SpendAnswer, payload, PATH)
        starts.append(answer.subscription_cycle_start)
        raws = map(_storable, payload["teamMemberSpend"])
        rows = list(zip(answer.team_member_spend, raws, strict=True))
        return Page(rows, answer.total_members, number < answer.total_pages)

    rows = list(read_all(PATH, ask).rows())
    with writing():
        cycle = _learn_cycle(starts[-1], window.read_at)
        new, changed = _store(rows, cycle, window.read_at)
    return SyncResult(len(rows), new, changed)


def _storable(raw: dict[str, Any]) -> dict[str, Any]:
    return {name: storable(value) if isinstance(value, str) else value for name, value in raw.items()}


def _learn_cycle(start_at: datetime, at: datetime) -> BillingCycle:
    cycle, days = cycles.learn(start_at, running_at=at)
    for day in days:
        rollups.recompute_days(day, day, at)
    return cycle


def _store(rows: list[Row], cycle: BillingCycle, at: datetime) -> tuple[int, int]:
    """Write the figures that moved since the newest snapshot; return how many are new, how many moved."""
    roster = Roster.load()
    roster.admit((_identity(record) for record, _ in rows), at)
    listed = _by_member(rows, roster)
    latest = _latest(cycle)
    _follow_addresses(listed, latest, cycle)
    confirmed, moved, first = [], [], 0
    for member_id, (record, raw) in listed.items():
        figures = figures_of(record)
        known = latest.get(member_id)
        if known and known.figures == figures:
            confirmed.append(known.pk)
            continue
        first += known is None
        moved.append(
            SpendSnapshot(
                member_id=member_id,
                cycle=cycle,
                taken_at=known.taken_at if known and utc_day(known.taken_at) == utc_day(at) else at,
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


def _by_member(rows: list[Row], roster: Roster) -> dict[int, Row]:
    """One row a member. Whoever left and came back has two, nobody any number: all of it was spent.

    Rows of one vendor's id are one row, which pages that shifted while they were read repeat.
    """
    listed: dict[int, dict[str, Row]] = defaultdict(dict)
    for place, (record, raw) in enumerate(rows):
        listed[roster.member_id(_identity(record))][record.user_id or str(place)] = record, raw
    return {member_id: _together(list(each.values()), roster) for member_id, each in listed.items()}


def _together(rows: list[Row], roster: Roster) -> Row:
    """A member's rows as one: their sums, unknown where a part is, and the limit of the seat in use."""
    if len(rows) == 1:
        return rows[0]
    in_use = max((record for record, _ in rows), key=lambda record: record.user_id in roster.by_cursor_id)
    sums = {}
    for name in SUMS:
        parts = [getattr(record, name) for record, _ in rows]
        sums[name] = None if None in parts else sum(parts)
    return in_use.model_copy(update=sums), {"rows": [raw for _, raw in rows]}


def _follow_addresses(listed: dict[int, Row], latest: dict[int, KnownSnapshots], cycle: BillingCycle) -> None:
    """Let the cycle's snapshots go over to a member's new address: left at the old, they count twice."""
    heirs = {record.user_id: member_id for member_id, (record, _) in listed.items() if record.user_id}
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


def figures_of(record: MemberSpend) -> tuple[Any, ...]:
    """Values of `FIGURES`. Without overallSpendCents nobody can say what spendCents holds: marked legacy."""
    total = record.overall_spend_cents
    rest = (record.fast_premium_requests, _limit(record))
    if total is None:
        return (SpendSnapshot.Meaning.LEGACY.value, None, None, record.included_spend_cents, *rest)
    on_demand = record.spend_cents or Decimal(0)
    return (SpendSnapshot.Meaning.CURRENT.value, total, on_demand, total - on_demand, *rest)


def _limit(record: MemberSpend) -> Decimal | None:
    """The limit in force; older answers give only its parts, where an override of 0 means none."""
    for limit in (record.effective_per_user_limit_dollars, record.hard_limit_override_dollars or None):
        if limit is not None:
            return limit.quantize(Decimal("0.01"))
    monthly = record.monthly_limit_dollars
    return None if monthly is None else monthly.quantize(Decimal("0.01"))
