"""The past, shown again step by step: at each instant a frame holds only what was known then."""

from collections.abc import Iterator, Mapping, Sequence
from datetime import date, datetime, timedelta
from functools import cached_property

import numpy as np
import pandas as pd

from collector.base.days import day_start, utc_day
from detection.findings.detail import SUMS, TEAM_DAYS, Detail
from detection.findings.finding import Finding
from detection.frame.arrays import Array
from detection.frame.evidence import Work, WorkNames
from detection.frame.frame import HOURS, MEASURES, Cycle, Frame, Measures, Past
from detection.frame.price_changes import PriceChanges
from detection.frame.real_problems import problem_days
from detection.frame.totals import hour_of

from .history import History
from .moving_prices import PAID, MovingPrices, ShownRows

# Onsets older than this are found by the hour: events that far back may have been pruned.
EVENT_DAYS = 10
# Rows that are gathered at a time.
CHUNK = 20_000
# Hours that are held at a time: a replay of a month looks at each for a day and a half.
HELD_HOURS = HOURS + 7 * 24
WORK = {name: np.int64 if name in ("hour", "model", "surface", "thread") else float for name in Work._fields}
NOWHERE = np.zeros(0, dtype=int)
READ = ("cents", "requests", "tokens", "weight", *PAID)


class Replay:
    """Walks forward through a history; `frame(as_of)` must be asked in order of time, at whole hours."""

    def __init__(self, history: History, first_at: datetime, last_at: datetime, *, days: int) -> None:
        self.history = history
        self._days = days
        self._first_day = utc_day(first_at) - timedelta(days=days + 1)
        day_count = (utc_day(last_at) - self._first_day).days + 2
        members = len(history.member_ids)
        self._origin = hour_of(day_start(self._first_day))
        # Hours are judged from `HOURS` before the first step on; before that days are enough.
        self._first_hour = hour_of(first_at) - HOURS
        self._hours = _zeros(members, HELD_HOURS)
        self._added = np.zeros_like(self._hours.cents)
        self._day_sums = _zeros(members, day_count)
        self._cycle_sums = np.zeros((2, members))
        self._cycle_team = 0.0
        self._cycle_start: datetime | None = None
        self._shown = 0
        self._past: tuple[int, int, Past] | None = None
        self._team: tuple[date, pd.DataFrame] | None = None
        self._load()

    def frame(self, as_of: datetime) -> Frame:
        """What was known at `as_of`; the arrays are views that the next step changes."""
        self._show_until(hour_of(as_of))
        changes = self._changes(as_of)
        hour = hour_of(as_of) - self._first_hour
        return Frame(
            as_of=as_of,
            member_ids=self.history.member_ids,
            past=self._past_of((hour_of(as_of) - self._origin) // 24, as_of),
            hours=self._hours.columns(slice(hour - HOURS, hour)),
            cycle=self._cycle(as_of),
            prices=self.history.prices,
            changes=changes,
            added_cents=self._added[:, hour - HOURS : hour] if changes else None,
        )

    def read_work(self, member_ids: Sequence[int]) -> tuple[Mapping[int, Work], WorkNames]:
        """Hours of these members, as known at the last frame: what evidence is looked for in."""
        self._read_hours([member for member in member_ids if member not in self._hours_of])
        hours = {member: self._hours_of[member] for member in member_ids}
        shown = {member: work.chosen(known <= self._now) for member, (known, work) in hours.items()}
        return shown, self._names

    def detail(self, finding: Finding, as_of: datetime) -> Detail:
        """What was known at `as_of` about the finding's member (about everybody, for the team)."""
        today = utc_day(as_of)
        own = self._own(finding.member_id)
        own = own[own["known"] <= hour_of(as_of)]
        before = own[own["hour"].between(_midnight(today, self._days), _midnight(today, 2), inclusive="left")]
        usual = before.groupby(["member_id", "model"], observed=True)[SUMS].sum().reset_index()
        shown = self._events(finding, own, as_of)
        return Detail(shown, shown, usual.astype({"model": object}), self._team_of(today, as_of))

    def _events(self, finding: Finding, own: pd.DataFrame, as_of: datetime) -> pd.DataFrame:
        """Events of the finding's window and before; hours where events may be gone, or are too many."""
        start_at = finding.window.read_from
        if finding.member_id is not None and as_of - start_at < timedelta(days=EVENT_DAYS):
            return self.history.events(finding.member_id, start_at, as_of)
        shown = own[own["hour"] >= hour_of(start_at)]
        at = pd.to_datetime(shown["hour"] * 3600, unit="s", utc=True)
        first = pd.Timestamp(start_at)
        return shown.assign(at=at.where(at >= first, first), model=shown["model"].astype(object))

    def _own(self, member_id: int | None) -> pd.DataFrame:
        if member_id is None:
            return self.history.rows
        return self.history.rows.iloc[self._places.get(member_id, [])]

    @cached_property
    def _places(self) -> dict[int, Array]:
        """Positions of each member's rows, by member."""
        members = self.history.rows["member_id"].to_numpy(np.int64)
        order = np.argsort(members, kind="stable")
        whose, firsts = np.unique(members[order], return_index=True)
        return dict(zip(whose.tolist(), np.split(order, firsts[1:]), strict=True)) if len(order) else {}

    def _hours_at_hand(self, member_ids: Sequence[int]) -> pd.DataFrame:
        places = [self._places.get(member, NOWHERE) for member in member_ids]
        return self.history.rows.iloc[np.concatenate(places)].copy()

    def _read_hours(self, member_ids: Sequence[int]) -> None:
        """Hours of these members, and when each was known, once for each member."""
        if not member_ids:
            return
        rows = (self.history.hours or self._hours_at_hand)(member_ids)
        for name, names in (("model", self._names.models), ("surface", self._names.surfaces)):
            names.extend(rows[name].cat.categories.difference(names))
            rows[name] = rows[name].cat.set_categories(names).cat.codes
        for member in member_ids:
            own = rows[rows["member_id"] == member]
            work = Work(*(own[name].to_numpy(kind) for name, kind in WORK.items()))
            self._hours_of[member] = own["known"].to_numpy(), work

    def _team_of(self, today: date, as_of: datetime) -> pd.DataFrame:
        """What each model cost everybody in the days before `today`, worked out once a day."""
        if self._team is None or self._team[0] != today:
            rows = self.history.rows
            first, last = _midnight(today, TEAM_DAYS), _midnight(today, 2)
            recent = (rows["hour"] >= first) & (rows["hour"] < last) & (rows["known"] <= hour_of(as_of))
            sums = rows[recent].groupby("model", observed=True)[SUMS].sum()
            self._team = today, sums.set_index(sums.index.astype(object))
        return self._team[1]

    def _load(self) -> None:
        rows = self.history.rows
        self._now = 0
        self._hours_of: dict[int, tuple[Array, Work]] = {}
        self._names = WorkNames([], [])
        models = rows["model"].cat
        # Views of the history's columns: a million rows are held once.
        self._column = {
            name: rows[name].to_numpy() for name in ("member_id", "hour", "known", "by_agent", *READ)
        }
        self._column["model"] = models.codes.to_numpy()
        self._order = np.argsort(self._column["known"], kind="stable").astype(np.int32)
        self._known = self._column["known"][self._order]
        self._members = pd.Index(self.history.member_ids)
        days = rows["hour"] // 24
        first_day, day_count = (int(days.min()), int(days.max() - days.min()) + 1) if len(rows) else (0, 0)
        self._prices = MovingPrices(list(models.categories), first_day, day_count)

    def _shown_rows(self, chosen: Array) -> ShownRows:
        by_agent = self._column["by_agent"][chosen]
        figures = {name: self._column[name][chosen].astype(float) for name in READ}
        figures |= {"agent_cents": figures["cents"] * by_agent}
        figures |= {"agent_requests": figures["requests"] * by_agent}
        return ShownRows(
            self._members.get_indexer(pd.Index(self._column["member_id"][chosen])),
            self._column["hour"][chosen].astype(np.int64),
            self._column["model"][chosen].astype(np.int64),
            np.column_stack([figures[name] for name in (*MEASURES, *PAID)]),
        )

    def _show_until(self, hour: int) -> None:
        end = int(np.searchsorted(self._known, hour, side="right"))
        if hour - self._first_hour > HELD_HOURS:
            self._let_go_of(hour - HOURS - self._first_hour)
        for fresh in self._chunks(self._order[self._shown : end]):
            self._put(fresh)
            self._add_to_cycle(fresh)
            self._prices.add(fresh)
        self._shown, self._now = end, hour

    def _let_go_of(self, count: int) -> None:
        """Drop the oldest `count` hours, to which no later step looks back."""
        self._first_hour += count
        for array in (*self._hours, self._added):
            newest = array[:, count:].copy()
            array[:] = 0
            array[:, : newest.shape[1]] = newest

    def _chunks(self, places: Array) -> Iterator[ShownRows]:
        """The rows at these places, some at a time: to start with there are months of them."""
        for start in range(0, len(places), CHUNK):
            yield self._shown_rows(places[start : start + CHUNK])

    def _put(self, fresh: ShownRows) -> None:
        """Add rows to the days and hours, at the prices before any change."""
        day, row = (fresh.hour - self._origin) // 24, fresh.member
        values = fresh.values[:, : len(MEASURES)]
        share = self._prices.kept_share(fresh.model, fresh.hour)
        added = values[:, 0] * (1 - share)
        values = values * np.where([name.endswith("cents") for name in MEASURES], share[:, None], 1.0)
        inside = (day >= 0) & (day < self._day_sums.cents.shape[1]) & (row >= 0)
        _scatter(self._day_sums, row[inside], day[inside], values[inside])
        hours = fresh.hour - self._first_hour
        inside = (hours >= 0) & (hours < self._hours.cents.shape[1]) & (row >= 0)
        _scatter(self._hours, row[inside], hours[inside], values[inside])
        if added.any():
            np.add.at(self._added, (row[inside], hours[inside]), added[inside])
        if self._past and len(day) and day.min() < self._past[0]:
            self._past = None  # something came late, into a day that was over

    def _changes(self, as_of: datetime) -> PriceChanges:
        """Changes of prices known by now; after a new one everything is added up again."""
        if self._prices.look(as_of):
            for array in (*self._hours, *self._day_sums, self._added):
                array[:] = 0
            self._past = None
            for shown in self._chunks(self._order[: self._shown]):
                self._put(shown)
        return self._prices.changes

    def _past_of(self, day: int, as_of: datetime) -> Past:
        confirmed = sum(anomaly.is_confirmed(as_of) for anomaly in self.history.confirmed)
        if self._past is None or self._past[:2] != (day, confirmed):
            days = self._day_sums.columns(slice(day - self._days, day))
            is_problem = problem_days(self.history.confirmed, as_of, self.history.member_ids, self._days)
            self._past = day, confirmed, Past(days, is_problem)
        return self._past[2]

    def _cycle(self, as_of: datetime) -> Cycle | None:
        begun = [start for start in self.history.cycles if start <= as_of]
        later = [start for start in self.history.cycles if start > as_of]
        if not begun or not later:
            return None
        if begun[-1] != self._cycle_start:
            self._start_cycle(begun[-1])
        total, billed = self._cycle_sums
        return Cycle(begun[-1], later[0], total, billed, self._cycle_team)

    def _start_cycle(self, start_at: datetime) -> None:
        self._cycle_start = start_at
        self._cycle_sums[:] = 0
        self._cycle_team = 0.0
        shown = self._order[: self._shown]
        for part in self._chunks(shown[self._column["hour"][shown] >= hour_of(start_at)]):
            self._add_to_cycle(part)
        turn = self.history.turns.get(start_at)
        if turn is not None:
            rows = pd.Index(self.history.member_ids).get_indexer(pd.Index(turn.member_ids))
            self._count_in_cycle(rows, turn.cents, turn.billed)

    def _add_to_cycle(self, fresh: ShownRows) -> None:
        if self._cycle_start is None:
            return
        # The hour of the turn is counted by itself, from the turn on.
        first = -(-int(self._cycle_start.timestamp()) // 3600)
        inside = fresh.hour >= first
        charged, billed = (fresh.values[inside, len(MEASURES) + place] for place in (0, 1))
        self._count_in_cycle(fresh.member[inside], charged, billed)

    def _count_in_cycle(self, rows: Array, cents: Array, billed: Array) -> None:
        self._cycle_team += float(cents.sum())
        watched = rows >= 0
        np.add.at(self._cycle_sums[0], rows[watched], cents[watched])
        np.add.at(self._cycle_sums[1], rows[watched], billed[watched])


def steps(first: date, last: date, hours: int) -> Sequence[datetime]:
    """Every `hours` hours from the first hour of `first` to the end of `last`, both days included."""
    count = ((last - first).days + 1) * 24 // hours
    return [day_start(first) + timedelta(hours=hours * step) for step in range(1, count + 1)]


def _scatter(sums: Measures, rows: Array, columns: Array, values: Array) -> None:
    """Add to each measure at these places, counted along its rows: numpy does it many times as fast as by
    row and column."""
    places = rows * sums.cents.shape[1] + columns
    for place, array in enumerate(sums):
        np.add.at(array.reshape(-1), places, values[:, place])


def _zeros(members: int, columns: int) -> Measures:
    return Measures(*(np.zeros((members, columns)) for _ in MEASURES))


def _midnight(today: date, days_ago: int) -> int:
    return hour_of(day_start(today - timedelta(days=days_ago)))
