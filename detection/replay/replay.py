"""The past, shown again step by step: at each instant a frame holds only what was known then."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from functools import cached_property
from typing import Any

import numpy as np
import pandas as pd

from collector.base.days import day_start, utc_day
from detection.findings.detail import SUMS, TEAM_DAYS, Detail
from detection.findings.finding import Finding
from detection.frame.frame import HOURS, MEASURES, Array, Cycle, Frame, Measures, Past

HOUR = timedelta(hours=1)


@dataclass(frozen=True)
class History:
    """Everything a replay may show.

    `events`: member_id, at and known_at (both UTC), model, cents, billed (cents), requests, tokens, weight,
    in time order. `cycles`: the starts of the billing cycles, oldest first, and the end of the last.
    """

    member_ids: Array
    names: dict[int, str]
    emails: dict[int, str]
    events: pd.DataFrame
    cycles: tuple[datetime, ...] = ()


class Replay:
    """Walks forward through a history; `frame(as_of)` must be asked in order of time, at whole hours."""

    def __init__(self, history: History, first_at: datetime, last_at: datetime, *, days: int) -> None:
        self.history = history
        self._days = days
        self._first_day = utc_day(first_at) - timedelta(days=days + 1)
        self._day_count = (utc_day(last_at) - self._first_day).days + 2
        members = len(history.member_ids)
        self._hours = _zeros(members, self._day_count * 24)
        self._days_sums = _zeros(members, self._day_count)
        self._cycle_sums = np.zeros((2, members))
        self._cycle_team = 0.0
        self._cycle_start: datetime | None = None
        self._load()
        self._shown = 0
        self._past: tuple[int, Past] | None = None
        self._team: tuple[date, pd.DataFrame] | None = None

    def frame(self, as_of: datetime) -> Frame:
        """What was known at `as_of`; the arrays are views that the next step changes."""
        self._show_until(as_of)
        hour = int((as_of - day_start(self._first_day)) / HOUR)
        day = hour // 24
        return Frame(
            as_of=as_of,
            member_ids=self.history.member_ids,
            past=self._past_of(day),
            today=self._hours.columns(slice(day * 24, hour)).total(),
            hours=self._hours.columns(slice(hour - HOURS, hour)),
            cycle=self._cycle(as_of),
        )

    def detail(self, finding: Finding, as_of: datetime) -> Detail:
        """What was known at `as_of` about the finding's member (about everybody, for the team)."""
        own = _known(self._events_of(finding.member_id), as_of)
        today = utc_day(as_of)
        before = own[own["at"].between(_midnight(today, self._days), _midnight(today, 2), inclusive="left")]
        usual = before.groupby(["member_id", "model"])[SUMS].sum().reset_index()
        shown = own[own["at"] >= pd.Timestamp(finding.window.read_from)]
        return Detail(shown, shown, usual, self._team_of(today, as_of))

    def _events_of(self, member_id: int | None) -> pd.DataFrame:
        if member_id is None:
            return self.history.events
        return self.history.events.iloc[self._places.get(member_id, [])]

    @cached_property
    def _places(self) -> dict[Any, Any]:
        """Positions of each member's events, by member."""
        return dict(self.history.events.groupby("member_id").indices)

    def _team_of(self, today: date, as_of: datetime) -> pd.DataFrame:
        """What each model cost everybody in the days before `today`, worked out once a day."""
        if self._team is None or self._team[0] != today:
            known = _known(self.history.events, as_of)
            recent = known["at"].between(_midnight(today, TEAM_DAYS), _midnight(today, 2), inclusive="left")
            self._team = today, known[recent].groupby("model")[SUMS].sum()
        return self._team[1]

    def _load(self) -> None:
        events = self.history.events
        start = pd.Timestamp(day_start(self._first_day))
        in_order = events.sort_values("known_at", kind="stable")
        self._known_at = in_order["known_at"].to_numpy("datetime64[us]")
        self._at = in_order["at"].to_numpy("datetime64[us]")
        self._row = pd.Index(self.history.member_ids).get_indexer(pd.Index(in_order["member_id"]))
        self._hour = ((in_order["at"] - start) // pd.Timedelta(hours=1)).to_numpy(int)
        self._values = in_order[[*MEASURES, "billed"]].to_numpy(float)

    def _show_until(self, as_of: datetime) -> None:
        end = int(np.searchsorted(self._known_at, _numpy(as_of), side="left"))
        fresh = slice(self._shown, end)
        hours, row, values = self._hour[fresh], self._row[fresh], self._values[fresh]
        inside = (hours >= 0) & (hours < self._day_count * 24) & (row >= 0)
        for column, (by_hour, by_day) in enumerate(zip(self._hours, self._days_sums, strict=True)):
            amounts = values[inside, column]
            np.add.at(by_hour, (row[inside], hours[inside]), amounts)
            np.add.at(by_day, (row[inside], hours[inside] // 24), amounts)
        if self._past and inside.any() and hours[inside].min() // 24 < self._past[0]:
            self._past = None  # an event came late, into a day that was over
        self._add_to_cycle(fresh)
        self._shown = end

    def _past_of(self, day: int) -> Past:
        if self._past is None or self._past[0] != day:
            self._past = day, Past(self._days_sums.columns(slice(day - self._days, day)))
        return self._past[1]

    def _cycle(self, as_of: datetime) -> Cycle | None:
        begun = [start for start in self.history.cycles if start <= as_of]
        later = [start for start in self.history.cycles if start > as_of]
        if not begun or not later:
            return None
        if begun[-1] != self._cycle_start:
            self._cycle_start = begun[-1]
            self._cycle_sums[:] = 0
            self._cycle_team = 0.0
            self._add_to_cycle(slice(0, self._shown))
        total, billed = self._cycle_sums
        return Cycle(begun[-1], later[0], total, billed, self._cycle_team)

    def _add_to_cycle(self, events: slice) -> None:
        if self._cycle_start is None:
            return
        inside = self._at[events] >= _numpy(self._cycle_start)
        rows, values = self._row[events][inside], self._values[events][inside]
        self._cycle_team += float(values[:, 0].sum())
        watched = rows >= 0
        np.add.at(self._cycle_sums[0], rows[watched], values[watched, 0])
        np.add.at(self._cycle_sums[1], rows[watched], values[watched, len(MEASURES)])


def steps(first: date, last: date, hours: int) -> Sequence[datetime]:
    """Every `hours` hours from the first hour of `first` to the end of `last`, both days included."""
    count = ((last - first).days + 1) * 24 // hours
    return [day_start(first) + timedelta(hours=hours * step) for step in range(1, count + 1)]


def _zeros(members: int, columns: int) -> Measures:
    return Measures(*(np.zeros((members, columns)) for _ in MEASURES))


def _known(events: pd.DataFrame, as_of: datetime) -> pd.DataFrame:
    instant = pd.Timestamp(as_of)
    return events[(events["known_at"] < instant) & (events["at"] < instant)]


def _midnight(today: date, days_ago: int) -> pd.Timestamp:
    return pd.Timestamp(day_start(today - timedelta(days=days_ago)))


def _numpy(instant: datetime) -> np.datetime64:
    return np.datetime64(instant.replace(tzinfo=None), "us")
