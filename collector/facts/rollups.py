"""Daily and hourly totals, worked out from the events of the days that were touched.

`MemberModelDay` and `MemberModelHour` come from the same sums, in the same transaction as the events.
"""

from __future__ import annotations

import operator
from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Any, NamedTuple

from django.db.models import Case, Count, Max, Q, QuerySet, Sum, Value, When
from django.db.models.functions import Coalesce

from collector.base.days import day_end, day_start, days_between
from collector.base.money import cents
from collector.base.upsert import FactTable
from collector.models import MemberModelDay, MemberModelHour, Pruning, UsageEvent
from collector.models.usage import UsageEventQuerySet

from .cycles import turns
from .hours import HourOfDay, thread_of_event
from .runs import continued, starts
from .surfaces import surface_in_sql
from .worth import FREE, UNPRICED, weight_where, worth_cents

UNIT_PLACES = Decimal("0.0001")
NO_CENTS = cents(0)
# Up to this many members are named in the query; beyond it reading the whole day is cheaper.
FEW_MEMBERS = 300
# Requests of an hour that make an agent, an automation or a conversation worth naming.
BUSY_THREAD = 5
HOUR = timedelta(hours=1)
SUMMED = 12  # of the hour's totals, those that add up


class DayKey(NamedTuple):
    member_id: int
    day: date
    model: str
    surface: str
    is_after_turn: bool


class HourKey(NamedTuple):
    member_id: int
    hour_at: datetime
    model: str
    surface: str


class DayTotals(NamedTuple):
    """What `MemberModelDay` holds, in the order of its columns here."""

    requests: int = 0
    billed_requests: int = 0
    failed_requests: int = 0
    max_mode_requests: int = 0
    headless_requests: int = 0
    total_cents: Decimal = NO_CENTS
    billed_cents: Decimal = NO_CENTS
    request_units: Decimal = Decimal("0.0000")
    input_tokens: int = 0
    output_tokens: int = 0
    cache_write_tokens: int = 0
    cache_read_tokens: int = 0
    worth_cents: Decimal = NO_CENTS
    unpriced_weight: int = 0
    free_weight: int = 0
    runs: int = 0


class HourTotals(NamedTuple):
    """What `MemberModelHour` holds."""

    requests: int = 0
    failed_requests: int = 0
    total_cents: Decimal = NO_CENTS
    billed_cents: Decimal = NO_CENTS
    input_tokens: int = 0
    output_tokens: int = 0
    cache_write_tokens: int = 0
    cache_read_tokens: int = 0
    worth_cents: Decimal = NO_CENTS
    unpriced_weight: int = 0
    free_weight: int = 0
    runs: int = 0
    settled_at: datetime | None = None
    top_thread: str = ""
    top_thread_requests: int = 0


DAYS = FactTable(MemberModelDay, key=DayKey._fields, values=DayTotals._fields)
HOURS = FactTable(MemberModelHour, key=HourKey._fields, values=HourTotals._fields)


@dataclass(frozen=True)
class Piece:
    """A day, or its part before or after the instant at which a cycle began on it."""

    day: date
    start_at: datetime
    end_at: datetime
    is_after_turn: bool


@dataclass
class DayRollup:
    """The rows of one day, as they are added up."""

    days: dict[DayKey, DayTotals] = field(default_factory=dict)
    hours: dict[HourKey, HourTotals] = field(default_factory=dict)

    def add(self, day: DayKey, hour: HourKey, sums: DayTotals, settled_at: datetime) -> None:
        before = self.days.get(day)
        self.days[day] = sums if before is None else DayTotals(*map(operator.add, before, sums))
        of_hour, known = _of_hour(sums), self.hours.get(hour)
        if known is not None:  # twice only in the hour of a turn; what names the thread comes later
            of_hour = HourTotals(*map(operator.add, known[:SUMMED], of_hour[:SUMMED]))
            settled_at = max(settled_at, known.settled_at or settled_at)
        self.hours[hour] = of_hour._replace(settled_at=settled_at)

    def count_run(self, day: DayKey, hour: HourKey) -> None:
        self.days[day] = self.days[day]._replace(runs=self.days[day].runs + 1)
        self.hours[hour] = self.hours[hour]._replace(runs=self.hours[hour].runs + 1)

    def name_thread(self, hour: HourKey, thread: str, requests: int) -> None:
        if requests > self.hours[hour].top_thread_requests:
            self.hours[hour] = self.hours[hour]._replace(top_thread=thread, top_thread_requests=requests)


def recompute(touched: Iterable[tuple[int, date]], at: datetime) -> None:
    """Bring the totals of these members' days into line with the events; call it where they are written.

    Later days on which a run of these days went on come along: it counts where it began.
    """
    members_by_day: dict[date, set[int]] = defaultdict(set)
    for member_id, day in touched:
        members_by_day[day].add(member_id)
    while members_by_day:
        day = min(members_by_day)
        members = members_by_day.pop(day)
        for member_id, later in _recompute_day(day, members, at):
            members_by_day[later].add(member_id)


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


def _recompute_day(day: date, members: set[int] | None, at: datetime) -> set[tuple[int, date]]:
    """Members and later days on which runs of `day` went on."""
    if Pruning.objects.covers(day):
        return set()  # what is left of its events would add up to less than was spent
    start_at, end_at = day_start(day), day_end(day)
    events = UsageEvent.objects.between(start_at, end_at)
    days, hours = MemberModelDay.objects.filter(day=day), MemberModelHour.objects.between(start_at, end_at)
    if members is not None and len(members) <= FEW_MEMBERS:
        whose = Q(member_id__in=members)
        events, days, hours = events.filter(whose), days.filter(whose), hours.filter(whose)
    totals, agents = totals_of_day(day, events)
    _write(totals, members or set(), days, hours, at)
    return set(continued(agents, end_at))


def totals_of_day(day: date, events: UsageEventQuerySet) -> tuple[DayRollup, list[str]]:
    """What `events` of `day` add up to, and the cloud agents that were at work."""
    totals, parts = DayRollup(), list(pieces(day))
    for piece in parts:
        _add_piece(totals, piece, events)
    agents = _count_runs(totals, events, parts)
    _name_threads(totals, events, day_start(day))
    return totals, agents


def _add_piece(totals: DayRollup, piece: Piece, events: UsageEventQuerySet) -> None:
    start_at = day_start(piece.day)
    for member_id, model, surface, hour, *sums, settled_at in _grouped(
        events.between(piece.start_at, piece.end_at)
    ):
        totals.add(
            DayKey(member_id, piece.day, model, surface, piece.is_after_turn),
            HourKey(member_id, start_at + hour * HOUR, model, surface),
            _exact(sums),
            settled_at,
        )


def _count_runs(totals: DayRollup, events: UsageEventQuerySet, parts: list[Piece]) -> list[str]:
    """Count each run where it began; return the cloud agents that were at work, whenever they began."""
    day, first = parts[0].day, day_start(parts[0].day)
    agents, runs = starts(events, first)
    for start in runs:
        is_after_turn = parts[-1].is_after_turn and start.at >= parts[-1].start_at
        totals.count_run(
            DayKey(start.member_id, day, start.model, start.surface, is_after_turn),
            HourKey(
                start.member_id,
                start.at.replace(minute=0, second=0, microsecond=0),
                start.model,
                start.surface,
            ),
        )
    return agents


def _name_threads(totals: DayRollup, events: UsageEventQuerySet, start_at: datetime) -> None:
    """Name what made most requests of an hour, where that is many."""
    busy = (
        events.exclude(UsageEvent.FAILED)
        .annotate(thread=thread_of_event(), surface=surface_in_sql(), hour=HourOfDay("occurred_at"))
        .exclude(thread="")
        .values_list("member_id", "model", "surface", "hour", "thread")
        .annotate(served=Count("pk"))
        .filter(served__gte=BUSY_THREAD)
        .order_by("thread")
    )
    for member_id, model, surface, hour, thread, served in busy:
        totals.name_thread(HourKey(member_id, start_at + hour * HOUR, model, surface), thread, served)


def _write(
    totals: DayRollup,
    members: set[int],
    days: QuerySet[MemberModelDay],
    hours: QuerySet[MemberModelHour],
    at: datetime,
) -> None:
    """Totals that lost their last event stay, at nothing; those imported without events stay as they are."""
    whose = members | {key.member_id for key in totals.days}
    known_days, known_hours = DAYS.known(days), HOURS.known(hours)
    empty_days = {DayKey(*key): DayTotals() for key in known_days if key[0] in whose}
    empty_hours = {HourKey(*key): HourTotals() for key in known_hours if key[0] in whose}
    DAYS.bring(empty_days | totals.days, known_days, at)
    HOURS.bring(empty_hours | totals.hours, known_hours, at)


def _grouped(events: UsageEventQuerySet) -> QuerySet[Any]:
    """One row of sums per member, model, surface and hour, in the order that `_exact` reads."""
    served = ~UsageEvent.FAILED
    tokens = ("input_tokens", "output_tokens", "cache_write_tokens", "cache_read_tokens")
    return (
        events.order_by()
        .annotate(surface=surface_in_sql(), hour=HourOfDay("occurred_at"))
        .values_list("member_id", "model", "surface", "hour")
        .annotate(
            n_served=Count("pk", filter=served),
            n_billed=Count("pk", filter=served & Q(is_chargeable=True)),
            n_failed=Count("pk", filter=UsageEvent.FAILED),
            n_max_mode=Count("pk", filter=served & Q(is_max_mode=True)),
            n_headless=Count("pk", filter=served & Q(is_headless=True)),
            sum_total=Sum("charged_cents"),
            sum_billed=Sum(Case(When(is_chargeable=True, then="charged_cents"), default=Value(Decimal(0)))),
            sum_units=Sum("request_units"),
            **{f"sum_{name}": Coalesce(Sum(name), 0) for name in tokens},
            sum_worth=worth_cents(),
            weight_unpriced=weight_where(UNPRICED),
            weight_free=weight_where(FREE),
            settled=Max("first_seen_at"),
        )
    )


def _exact(sums: list[Any]) -> DayTotals:
    """SQLite adds decimals as floats (15 digits): back to the places that are stored."""
    counts, (total, billed, units), tokens, (worth, *weights) = sums[:5], sums[5:8], sums[8:12], sums[12:]
    money = (cents(total), cents(billed), Decimal(str(units)).quantize(UNIT_PLACES))
    return DayTotals._make((*counts, *money, *tokens, cents(worth), *map(round, weights), 0))


def _of_hour(sums: DayTotals) -> HourTotals:
    return HourTotals(sums.requests, sums.failed_requests, sums.total_cents, sums.billed_cents, *sums[8:15])
