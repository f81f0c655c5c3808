"""Spend limits that were set through the API, and the requests that Cursor refuses because of them."""

import threading
from collections import defaultdict
from dataclasses import dataclass, field
from itertools import pairwise

import numpy as np

from ..company.columns import Events
from ..company.company import Company
from ..company.instants import from_ms, to_ms
from ..company.members import Employee
from ..company.prices import MICRO

TEAM_DOLLARS = 500  # what holds for a member without a limit of their own
FOREVER_MS = 1 << 62


@dataclass(frozen=True)
class LimitChoice:
    """A limit from an instant on; None is none of the member's own."""

    at_ms: int
    dollars: int | None


@dataclass
class SpendLimits:
    """Members' own limits since the API was first given one, by position in the company's members.

    `group_dollars` are Cursor's limits by group name: a lower one of the group wins over a member's own.
    """

    changes: defaultdict[int, list[LimitChoice]] = field(default_factory=lambda: defaultdict(list))
    group_dollars: dict[str, int] = field(default_factory=dict)
    calls: int = 0  # writes carried out, one by one or in bulk
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def set_dollars(self, member: Employee, dollars: int | None, at_ms: int) -> None:
        with self._lock:
            self.calls += 1
            self.changes[member.index].append(LimitChoice(at_ms, dollars))

    def own(self, member: Employee) -> int | None:
        """The member's own limit now."""
        chosen = self.changes.get(member.index)
        return chosen[-1].dollars if chosen else member.limit_dollars

    def effective(self, member: Employee) -> int:
        """What holds for the member: their own limit, else the team's, and never more than the group's."""
        own = self.own(member)
        limit = TEAM_DOLLARS if own is None else own
        group = self.group_dollars.get(member.group or "")
        return limit if group is None else min(limit, group)

    def admitted(self, company: Company, *, counts_total: bool) -> np.ndarray:
        """For each of the company's events: whether Cursor served it."""
        served = np.ones(len(company.events), dtype=bool)
        with self._lock:
            changes = {index: tuple(chosen) for index, chosen in self.changes.items()}
        for index, chosen in changes.items():
            refuse_over(served, company, index, chosen, counts_total=counts_total)
        return served


def refuse_over(
    served: np.ndarray,
    company: Company,
    index: int,
    chosen: tuple[LimitChoice, ...],
    *,
    counts_total: bool,
) -> None:
    """Mark one member's events as refused from where the cycle's spend has reached the limit of the time."""
    events: Events = company.events
    spans = [*pairwise(chosen), (chosen[-1], LimitChoice(FOREVER_MS, None))]
    cycle_end_ms, spent = 0, 0
    start_ms = to_ms(company.anniversary.cycle(from_ms(chosen[0].at_ms))[0])
    places = np.flatnonzero((events.member == index) & (events.occurred_ms >= start_ms))
    for place in places.tolist():
        at_ms = int(events.occurred_ms[place])
        if at_ms >= cycle_end_ms:
            cycle_end_ms, spent = to_ms(company.anniversary.cycle(from_ms(at_ms))[1]), 0
        limits = [now.dollars for now, after in spans if now.at_ms <= at_ms < after.at_ms]
        if limits and limits[-1] is not None and spent >= limits[-1] * 100 * MICRO:
            served[place] = False
        elif counts_total or events.is_chargeable[place]:
            spent += int(events.charged_micro[place])
