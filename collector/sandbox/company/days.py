"""The company's calendar: weekends, days off for all, releases, and everybody's own holidays."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta

import numpy as np

from .draws import Topic, stream
from .members import Member

EPOCH = date(1970, 1, 1)
FIXED_HOLIDAYS = {(1, 1), (5, 1), (7, 4), (12, 25), (12, 26)}
RELEASE_LIFT = 1.9
AFTER_RELEASE_LIFT = 1.3


@dataclass(frozen=True)
class Calendar:
    """Days off and releases over the history."""

    days_off: frozenset[date]
    releases: frozenset[date]
    absences: dict[int, tuple[tuple[date, date], ...]]  # member -> (first day away, first day back)

    def lift(self, day: date) -> float:
        """How much more than usual everybody works on `day`."""
        if day in self.releases:
            return RELEASE_LIFT
        return AFTER_RELEASE_LIFT if day - timedelta(days=1) in self.releases else 1.0

    def is_away(self, member: int, day: date) -> bool:
        return any(first <= day < back for first, back in self.absences.get(member, ()))


def is_weekend(day: date) -> bool:
    return day.weekday() >= 5


def build_calendar(members: Sequence[Member], seed: int, first_day: date, last_day: date) -> Calendar:
    """Return the calendar from `first_day` to `last_day`, both included; each month is drawn by itself."""
    days_off: set[date] = set()
    releases: set[date] = set()
    absences: dict[int, list[tuple[date, date]]] = {}
    for month in _months(first_day - timedelta(days=31), last_day):
        draw = stream(seed, Topic.CALENDAR, month.toordinal())
        days_off.add(_working_day(month, draw))
        releases.add(_working_day(month, draw))
        _draw_absences(absences, members, month, seed)
    days_off |= {day for day in _each(first_day, last_day) if (day.month, day.day) in FIXED_HOLIDAYS}
    kept = {member: tuple(spans) for member, spans in absences.items()}
    return Calendar(frozenset(days_off), frozenset(releases - days_off), kept)


def _draw_absences(
    absences: dict[int, list[tuple[date, date]]], members: Sequence[Member], month: date, seed: int
) -> None:
    draw = stream(seed, Topic.ABSENCES, month.toordinal())
    chance, start, length = (
        draw.random(len(members)),
        draw.integers(0, 28, len(members)),
        draw.integers(3, 15, len(members)),
    )
    for member in members:
        if member.is_human and chance[member.index] < 0.13:
            first = month + timedelta(days=int(start[member.index]))
            back = first + timedelta(days=int(length[member.index]))
            absences.setdefault(member.index, []).append((first, back))


def _working_day(month: date, draw: np.random.Generator) -> date:
    day = month + timedelta(days=int(draw.integers(0, 28)))
    return day + timedelta(days=7 - day.weekday()) if is_weekend(day) else day


def _months(first_day: date, last_day: date) -> list[date]:
    return sorted({day.replace(day=1) for day in _each(first_day, last_day)})


def _each(first_day: date, last_day: date) -> list[date]:
    return [first_day + timedelta(days=offset) for offset in range((last_day - first_day).days + 1)]
