"""Daily totals: `MemberModelDay` recomputed from the events of the days that were touched."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterator
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from typing import Any

from django.db.models import Case, Count, Q, QuerySet, Sum, Value, When
from django.db.models.functions import Coalesce

from collector.base.days import day_end, day_start, days_between
from collector.base.money import cents
from collector.base.upsert import FactTable, Key, Values
from collector.models import MemberModelDay, Pruning, UsageEvent

from .cycles import turns

COUNTS = ("requests", "billed_requests", "failed_requests", "max_mode_requests", "headless_requests")
MONEY = ("total_cents", "billed_cents")
TOKENS = ("input_tokens", "output_tokens", "cache_write_tokens", "cache_read_tokens")
TABLE = FactTable(
    MemberModelDay,
    key=("member_id", "day", "model", "is_after_turn"),
    values=(*COUNTS, *MONEY, "request_units", *TOKENS),
)
NOTHING: Values = (0, 0, 0, 0, 0, Decimal(0), Decimal(0), Decimal(0), 0, 0, 0, 0)
UNIT_PLACES = Decimal("0.0001")

# Up to this many members are named in the query; beyond it reading the whole day is cheaper.
FEW_MEMBERS = 300


@dataclass(frozen=True)
class Piece:
    """A day, or its part before or after the instant at which a cycle began on it."""

    day: date
    start_at: datetime
    end_at: datetime
    is_after_turn: bool


def recompute(touched: Collection[tuple[int, date]], at: datetime) -> None:
    """Bring the totals of these members' days into line with the events; call it where they are written."""
    members_by_day: dict[date, set[int]] = defaultdict(set)
    for member_id, day in touched:
        members_by_day[day].add(member_id)
    for day, members in members_by_day.items():
        _recompute_day(day, members, at)


def recompute_days(first: date, last: date, at: datetime) -> None:
    """Bring the totals of all members who have events, by day from `first` to `last`, into line with them."""
    for day in days_between(first, last):
        _recompute_day(day, None, at)


def pieces(day: date) -> Iterator[Piece]:
    """The parts of `day` that belong to different cycles: one, or two where a cycle begins on it."""
    turn = turns(day, day).get(day)
    if turn is None:
        yield Piece(day, day_start(day), day_end(day), False)
        return
    if turn > day_start(day):
        yield Piece(day, day_start(day), turn, False)
    yield Piece(day, turn, day_end(day), True)


def _recompute_day(day: date, members: set[int] | None, at: datetime) -> None:
    if Pruning.objects.covers(day):
        return  # what is left of its events would add up to less than was spent
    stored = MemberModelDay.objects.filter(day=day)
    if members is not None and len(members) <= FEW_MEMBERS:
        stored = stored.filter(member_id__in=members)
    totals: dict[Key, Values] = {}
    for piece in pieces(day):
        totals.update(_totals(piece, members))
    # A day of which only the total was imported has no events to be worked out from.
    whose = {key[0] for key in totals} if members is None else members
    # Totals that lost their last event stay, at nothing.
    rows = {key: NOTHING for key in stored.values_list(*TABLE.key) if key[0] in whose}
    TABLE.upsert(rows | totals, stored, at)


def _totals(piece: Piece, members: set[int] | None) -> Iterator[tuple[Key, Values]]:
    events: QuerySet[Any] = UsageEvent.objects.between(piece.start_at, piece.end_at)
    if members is not None and len(members) <= FEW_MEMBERS:
        events = events.filter(member_id__in=members)
    for row in _grouped(events):
        member_id, model, *sums = row
        if members is None or member_id in members:
            yield (member_id, piece.day, model, piece.is_after_turn), _exact(sums)


def _grouped(events: QuerySet[Any]) -> QuerySet[Any]:
    """One row of sums per member and model, in the order of `TABLE.values`."""
    served = ~UsageEvent.FAILED
    return (
        events.order_by()
        .values_list("member_id", "model")
        .annotate(
            n_served=Count("pk", filter=served),
            n_billed=Count("pk", filter=served & Q(is_chargeable=True)),
            n_failed=Count("pk", filter=UsageEvent.FAILED),
            n_max_mode=Count("pk", filter=served & Q(is_max_mode=True)),
            n_headless=Count("pk", filter=served & Q(is_headless=True)),
            sum_total=Sum("charged_cents"),
            sum_billed=Sum(Case(When(is_chargeable=True, then="charged_cents"), default=Value(Decimal(0)))),
            sum_units=Sum("request_units"),
            **{f"sum_{name}": Coalesce(Sum(name), 0) for name in TOKENS},
        )
    )


def _exact(sums: list[Any]) -> Values:
    """SQLite adds decimals as floats (15 digits): back to the places that are stored."""
    counts, (total, billed, units), tokens = sums[:5], sums[5:8], sums[8:]
    return (*counts, cents(total), cents(billed), Decimal(str(units)).quantize(UNIT_PLACES), *tokens)
