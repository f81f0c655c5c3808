"""Daily and hourly totals, worked out from the events of the days that were touched.

`MemberModelDay` and `MemberModelHour` come from the same pass over a day's events, in the transaction that
writes them.
"""

from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from operator import attrgetter

from django.db.models import Exists, OuterRef, Q, QuerySet

from collector.base.days import day_end, day_start, days_between
from collector.base.upsert import FactTable, Values, columns_beside
from collector.models import MemberModelDay, MemberModelHour, Pruning, UsageEvent
from collector.models.usage import UsageEventQuerySet

from .cycles import turns, whole_first_days
from .event_figures import figures_of
from .runs import agents_before, continued
from .sums import DayKey, EventSums, HourKey

# Up to this many members are named in the query; beyond it reading the whole day is cheaper.
FEW_MEMBERS = 300
HOUR = timedelta(hours=1)

DAYS, HOURS = (
    FactTable(model, key=key, values=columns_beside(model, *key))
    for model, key in ((MemberModelDay, DayKey._fields), (MemberModelHour, HourKey._fields))
)
of_day, of_hour = (attrgetter(*table.values) for table in (DAYS, HOURS))


@dataclass(frozen=True)
class Piece:
    """A day, or its part before or after the instant at which a cycle began on it."""

    day: date
    start_at: datetime
    end_at: datetime
    is_after_turn: bool


@dataclass
class DayRollup:
    """The rows of one day, and the cloud agents that were at work on it."""

    days: dict[DayKey, Values] = field(default_factory=dict)
    hours: dict[HourKey, Values] = field(default_factory=dict)
    agents: set[str] = field(default_factory=set)


def recompute(touched: Iterable[tuple[int, date]], at: datetime) -> None:
    """Bring the totals of these members' days into line with the events; call it where they are written.

    Later days on which a run of these days continued are included, since it counts where it began.
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
    """Bring the totals of all members who have events, by day from `first` to `last`, into line with them.

    Totals without events are one part: the cycle's that begins at the day's midnight, if one does.
    """
    whole = whole_first_days()
    for day in days_between(first, last):
        _recompute_day(day, None, at)
        if day in whole:
            _count_after_turn(day, at)


def _count_after_turn(day: date, at: datetime) -> None:
    """Totals of `day` that have no events are all of a cycle that begins at its midnight."""
    rows = MemberModelDay.objects.filter(day=day)
    with_events = UsageEvent.objects.between(day_start(day), day_end(day)).values("member")
    same = {name: OuterRef(name) for name in ("member", "model", "surface")}
    counted = Exists(rows.filter(**same, is_after_turn=True))
    others = rows.filter(~counted, is_after_turn=False).exclude(member__in=with_events)
    others.update(is_after_turn=True, updated_at=at)


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
    totals = totals_of_day(day, events)
    _write(totals, members or set(), days, hours, at)
    return set(continued(totals.agents, end_at))


def totals_of_day(day: date, events: UsageEventQuerySet) -> DayRollup:
    """What `events` of `day` add up to."""
    totals, begun = DayRollup(), set[tuple[str, ...]]()
    start_at, by_hour = day_start(day), dict[HourKey, EventSums]()
    for piece in pieces(day):
        sums_by_key = _add_up(events.between(piece.start_at, piece.end_at), totals, begun, start_at)
        by_day = defaultdict[DayKey, EventSums](EventSums)
        for (member_id, hour, model, surface), sums in sums_by_key.items():
            by_day[DayKey(member_id, day, model, surface, piece.is_after_turn)].join(sums)
            hour_key = HourKey(member_id, start_at + hour * HOUR, model, surface)
            if by_hour.setdefault(hour_key, sums) is not sums:  # the hour of a turn, in two parts
                by_hour[hour_key].join(sums)
        totals.days |= {key: of_day(sums) for key, sums in by_day.items()}
    totals.hours = {key: of_hour(sums) for key, sums in by_hour.items()}
    return totals


def _write(
    totals: DayRollup,
    members: set[int],
    days: QuerySet[MemberModelDay],
    hours: QuerySet[MemberModelHour],
    at: datetime,
) -> None:
    """Totals that lost their last event stay, at nothing; those imported without events stay as they are."""
    whose = members | {key.member_id for key in totals.days}
    known_days, known_hours = DAYS.stored_values(days), HOURS.stored_values(hours)
    nothing = EventSums()
    empty_days = {DayKey(*key): of_day(nothing) for key in known_days if key[0] in whose}
    empty_hours = {HourKey(*key): of_hour(nothing) for key in known_hours if key[0] in whose}
    DAYS.bring(empty_days | totals.days, known_days, at)
    HOURS.bring(empty_hours | totals.hours, known_hours, at)


def _add_up(
    events: UsageEventQuerySet, totals: DayRollup, begun: set[tuple[str, ...]], start_at: datetime
) -> dict[tuple[int, int, str, str], EventSums]:
    """The sums of a part of the day, by member, hour, model and surface; each run counts where it began."""
    sums: dict[tuple[int, int, str, str], EventSums] = defaultdict(EventSums)
    starts: dict[tuple[str, ...], EventSums] = {}
    for event in figures_of(events):
        of_key = sums[event.member_id, event.hour, event.model, event.surface]
        of_key.add(event)
        if (run := event.run) and run not in begun:
            begun.add(run)
            starts[run] = of_key
    agents = {run[0] for run in starts if run[0]}
    totals.agents |= agents
    before = set(agents_before(agents, start_at))
    for run, of_key in starts.items():
        of_key.runs += run[0] not in before
    return sums
