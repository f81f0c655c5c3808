"""The company's calendar: days off, releases, sprints, new models, and everybody's own holidays.

Most of it is there to be no incident: work that is more than usual for a reason.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta

import numpy as np

from .draws import Topic, stream
from .instants import days_between
from .members import Employee
from .names import GROUPS
from .prices import ESTABLISHED

FIXED_HOLIDAYS = {(1, 1), (5, 1), (7, 4), (12, 25), (12, 26)}

# How many times the usual requests.
RELEASE, DAY_AFTER = 1.9, 1.3
SPRINT = 1.7
CATCHING_UP, CATCH_UP_DAYS = 1.6, 2  # after a holiday
NEWCOMER, NEWCOMER_DAYS = 0.6, 10

NOVELTY_DAYS = 5  # for which people try a model that has just come out


@dataclass(frozen=True)
class Calendar:
    """What is out of the ordinary, over the history."""

    days_off: set[date] = field(default_factory=set)
    releases: set[date] = field(default_factory=set)
    sprints: dict[date, str] = field(default_factory=dict)  # the group that hurries
    launches: dict[date, int] = field(default_factory=dict)  # the model that comes out
    # By member: the first day away, and the first back.
    absences: dict[int, list[tuple[date, date]]] = field(default_factory=dict)

    def pace(self, member: Employee, day: date) -> float:
        """How many times their usual requests the member makes on `day`."""
        pace = RELEASE if day in self.releases else 1.0
        if day - timedelta(days=1) in self.releases:
            pace = DAY_AFTER
        if member.group and self.sprints.get(day) == member.group_on(day):
            pace *= SPRINT
        if any(0 <= (day - back).days < CATCH_UP_DAYS for _, back in self.absences.get(member.index, ())):
            pace *= CATCHING_UP
        return pace * (NEWCOMER if 0 <= (day - member.joined_on).days < NEWCOMER_DAYS else 1.0)

    def novelty(self, day: date) -> int | None:
        """The model that came out in the last days, by its position."""
        recent = (day - timedelta(days=ago) for ago in range(NOVELTY_DAYS))
        return next((self.launches[when] for when in recent if when in self.launches), None)

    def is_away(self, member: int, day: date) -> bool:
        return any(first <= day < back for first, back in self.absences.get(member, ()))


def is_weekend(day: date) -> bool:
    return day.weekday() >= 5


def build_calendar(members: Sequence[Employee], seed: int, first_day: date, last_day: date) -> Calendar:
    """Return the calendar from `first_day` to `last_day`, both included; each month is drawn alone."""
    calendar = Calendar()
    earlier = first_day - timedelta(days=31)
    for month in sorted({day.replace(day=1) for day in days_between(earlier, last_day)}):
        draw = stream(seed, Topic.CALENDAR, month.toordinal())
        calendar.days_off.add(_working_day(month, draw))
        calendar.releases.add(_working_day(month, draw))
        sprint, group = _working_day(month, draw), GROUPS[int(draw.integers(len(GROUPS)))]
        calendar.sprints.update({sprint + timedelta(days=offset): group for offset in range(3)})
        calendar.launches[_working_day(month, draw)] = int(draw.choice(ESTABLISHED))
        _draw_absences(calendar.absences, members, month, seed)
    calendar.days_off.update(
        d for d in days_between(first_day, last_day) if (d.month, d.day) in FIXED_HOLIDAYS
    )
    calendar.releases.difference_update(calendar.days_off)
    return calendar


def _draw_absences(
    absences: dict[int, list[tuple[date, date]]], members: Sequence[Employee], month: date, seed: int
) -> None:
    draw = stream(seed, Topic.ABSENCES, month.toordinal())
    chances, starts = draw.random(len(members)), draw.integers(0, 28, len(members)).tolist()
    lengths = draw.integers(3, 15, len(members)).tolist()
    for member, chance, start, length in zip(members, chances, starts, lengths, strict=True):
        if member.is_human and chance < 0.13:
            first = month + timedelta(days=start)
            back = first + timedelta(days=length)
            absences.setdefault(member.index, []).append((first, back))


def _working_day(month: date, draw: np.random.Generator) -> date:
    day = month + timedelta(days=int(draw.integers(0, 28)))
    return day + timedelta(days=7 - day.weekday()) if is_weekend(day) else day
