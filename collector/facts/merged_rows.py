"""How the facts of two members become those of one: nothing is lost, and what is the same counts once."""

from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Sequence
from datetime import date, datetime
from decimal import Decimal
from itertools import count
from typing import TypeVar

from django.db import models
from django.db.models import QuerySet

from collector.base.days import day_end, day_start
from collector.models import (
    AiCodeCommit,
    CursorGroupMembership,
    DailyActivity,
    DirectoryGroup,
    Member,
    MemberAddress,
    MemberAnalyticsDay,
    SpendSnapshot,
    UsageEvent,
)

from .merge_hooks import Merging

M = TypeVar("M", bound=models.Model)
TOKENS = ("input_tokens", "output_tokens", "cache_write_tokens", "cache_read_tokens")
COUNTS = [
    field.name
    for field in DailyActivity._meta.concrete_fields
    if isinstance(field, models.IntegerField) and not field.primary_key
]
AMOUNTS = ("total_cents", "on_demand_cents", "included_cents", "premium_requests")


def move_facts(merging: Merging) -> None:
    """Move everything collected of one member to the other but its usage."""
    _move_snapshots(merging)
    _move_unless_there(merging, AiCodeCommit, ("commit_hash",), _is_newer)
    _move_unless_there(merging, MemberAnalyticsDay, ("metric", "day", "name", "detail"), _counts_more)
    _move_activity(merging)
    _move_stays(merging)
    _move_unless_there(merging, DirectoryGroup.members.through, ("directorygroup_id",))
    merging.journal.move(MemberAddress.objects.filter(member=merging.gone), merging.keep.pk)
    merging.journal.move(Member.objects.filter(owner=merging.gone), merging.keep.pk, "owner_id")


def _is_newer(theirs: AiCodeCommit, mine: AiCodeCommit) -> bool:
    return theirs.updated_at > mine.updated_at


def _counts_more(theirs: MemberAnalyticsDay, mine: MemberAnalyticsDay) -> bool:
    """Where a day was reported under both addresses, the fuller row counts."""
    return theirs.count > mine.count


def _move_unless_there(
    merging: Merging,
    table: type[M],
    key: tuple[str, ...],
    is_better: Callable[[M, M], bool] = lambda theirs, mine: False,
) -> None:
    """Move the rows; where both have one under a key, the kept member's stays unless the other is better."""
    mine, theirs = _rows_of_both(merging, table)
    by_key = {_key(row, key): row for row in mine}
    pairs = [(row, by_key[_key(row, key)]) for row in theirs if _key(row, key) in by_key]
    worse = [mine if is_better(row, mine) else row for row, mine in pairs]
    _drop(merging, worse)
    merging.journal.move(theirs, merging.keep.pk)


def _rows_of_both(merging: Merging, table: type[M]) -> tuple[QuerySet[M], QuerySet[M]]:
    rows = table._base_manager.all()
    return rows.filter(member_id=merging.keep.pk), rows.filter(member_id=merging.gone.pk)


def _key(row: models.Model, names: tuple[str, ...]) -> tuple[object, ...]:
    return tuple(getattr(row, name) for name in names)


def _drop(merging: Merging, rows: Sequence[models.Model]) -> None:
    """Delete these rows, all of one table."""
    if rows:
        merging.journal.delete(type(rows[0])._base_manager.filter(pk__in=[row.pk for row in rows]))


def move_events(merging: Merging, day: date) -> None:
    """Move the day's events; the same event under both addresses counts once, its better row stays."""
    events = UsageEvent.objects.between(day_start(day), day_end(day))
    mine, theirs = events.filter(member_id=merging.keep.pk), events.filter(member_id=merging.gone.pk)
    at_both = theirs.filter(occurred_at__in=mine.order_by().values("occurred_at"))
    ours_at = _by_instant(mine.filter(occurred_at__in=at_both.order_by().values("occurred_at")))
    settled = [_settle_instant(ours_at[at], events) for at, events in _by_instant(at_both).items()]
    _drop(merging, [event for drops, _ in settled for event in drops])
    for event, ordinal in [new for _, numbers in settled for new in numbers]:
        row = UsageEvent.objects.filter(pk=event.pk)
        merging.journal.change(row, ordinal=ordinal, member_id=merging.keep.pk)
    merging.journal.move(theirs, merging.keep.pk)


def _by_instant(events: Iterable[UsageEvent]) -> dict[datetime, list[UsageEvent]]:
    by_instant: dict[datetime, list[UsageEvent]] = defaultdict(list)
    for event in events:
        by_instant[event.occurred_at].append(event)
    return by_instant


def _settle_instant(
    mine: list[UsageEvent], theirs: list[UsageEvent]
) -> tuple[list[UsageEvent], list[tuple[UsageEvent, int]]]:
    """The worse row of each event that is there twice, and new ordinals of those that move."""
    free, staying, moving, drops = list(mine), list(mine), [], []
    for event in theirs:
        twin = next((other for other in free if is_same_event(other, event)), None)
        if twin:
            free.remove(twin)
        if twin and _knows_more(twin, event):
            drops.append(event)
            continue
        if twin:
            staying.remove(twin)
            drops.append(twin)
        moving.append(event)
    return drops, list(_numbered(staying, moving))


def _numbered(staying: list[UsageEvent], moving: list[UsageEvent]) -> Iterator[tuple[UsageEvent, int]]:
    """The lowest free ordinal for each event that moves; events that can keep theirs are left out."""
    taken = {(event.model, event.ordinal) for event in staying}
    for event in moving:
        ordinal = next(n for n in count() if (event.model, n) not in taken)
        taken.add((event.model, ordinal))
        if ordinal != event.ordinal:
            yield event, ordinal


def is_same_event(one: UsageEvent, other: UsageEvent) -> bool:
    """Whether two rows of one person and millisecond are the same event.

    Costs are revised and files spell models as people read them; tokens stay. Unknown tokens leave the cost.
    """
    if one.model != other.model and one.origin == other.origin:
        return False
    counts = [_token_sum(event) for event in (one, other)]
    if None in counts:
        return counts[0] != counts[1] or one.charged_cents == other.charged_cents
    return counts[0] == counts[1]


def _token_sum(event: UsageEvent) -> int | None:
    counts = [count for name in TOKENS if (count := getattr(event, name)) is not None]
    return sum(counts) if counts else None


def _knows_more(mine: UsageEvent, theirs: UsageEvent) -> bool:
    """Whether the kept member's row of an event is the one to keep: the API's, then the newest."""
    api = UsageEvent.Provenance.API
    return (mine.origin == api, mine.changed_at) >= (theirs.origin == api, theirs.changed_at)


def _move_activity(merging: Merging) -> None:
    """A day reported under both addresses: the fuller row where it covers the other, otherwise their sum."""
    mine, theirs = _rows_of_both(merging, DailyActivity)
    by_day = {row.day: row for row in mine}
    for row in theirs:
        other = by_day.get(row.day)
        if other is None:
            continue
        if not _covers(row, other) and not _covers(other, row):
            summed = {name: getattr(row, name) + getattr(other, name) for name in COUNTS}
            unread = sorted({*(row.unread or ()), *(other.unread or ())})
            merging.journal.change(mine.filter(pk=other.pk), **summed, unread=unread or None)
        _drop(merging, [other if _covers(row, other) else row])
    merging.journal.move(theirs, merging.keep.pk)


def _covers(one: DailyActivity, other: DailyActivity) -> bool:
    return all(getattr(one, name) >= getattr(other, name) for name in COUNTS)


def _move_stays(merging: Merging) -> None:
    """Stays in the vendor's groups; of two present ones the kept member's counts until the next reading."""
    mine, theirs = _rows_of_both(merging, CursorGroupMembership)
    if mine.filter(left_at__isnull=True).exists():
        merging.journal.delete(theirs.filter(left_at__isnull=True))
    _move_unless_there(merging, CursorGroupMembership, ("group_id", "joined_at"))


def _move_snapshots(merging: Merging) -> None:
    """The vendor's own totals: of two rows that held at one time the sum, otherwise one after the other."""
    mine, theirs = _rows_of_both(merging, SpendSnapshot)
    for cycle_id in set(theirs.values_list("cycle_id", flat=True).order_by()):
        ours, others = list(mine.filter(cycle_id=cycle_id)), list(theirs.filter(cycle_id=cycle_id))
        if ours:
            merged = _merged_snapshots(ours, others, merging.keep.pk)
            _drop(merging, [*ours, *others])
            merging.journal.create(merged)
    merging.journal.move(theirs, merging.keep.pk)


def _merged_snapshots(ours: list[SpendSnapshot], others: list[SpendSnapshot], pk: int) -> list[SpendSnapshot]:
    """A row for each moment at which one of the two moved."""
    merged = []
    for at in sorted({row.taken_at for row in [*ours, *others]}):
        holding = [row for rows in (ours, others) if (row := _holding(rows, at))]
        newest = max(holding, key=lambda row: row.confirmed_at)
        columns = {
            field.attname: getattr(newest, field.attname)
            for field in SpendSnapshot._meta.concrete_fields
            if not field.primary_key
        }
        sums = {name: _summed(getattr(row, name) for row in holding) for name in AMOUNTS}
        merged.append(SpendSnapshot(**{**columns, **sums, "member_id": pk, "taken_at": at}))
    return merged


def _holding(rows: list[SpendSnapshot], at: datetime) -> SpendSnapshot | None:
    """The row that the vendor stated at `at`, if it still listed that address then."""
    rows = sorted((row for row in rows if row.taken_at <= at), key=lambda row: row.taken_at)
    return rows[-1] if rows and rows[-1].confirmed_at >= at else None


def _summed(amounts: Iterable[Decimal | int | None]) -> Decimal | int | None:
    present = [amount for amount in amounts if amount is not None]
    return sum(present) if present else None
