"""What the plan includes: each member's allowance per cycle, then on-demand up to their limit."""

from collections.abc import Sequence
from datetime import datetime

import numpy as np

from .columns import Events
from .kinds import EventKind
from .members import Employee
from .prices import MICRO

NO_LIMIT = np.iinfo(np.int64).max


def apply_plan(events: Events, members: Sequence[Employee], cycle_starts: Sequence[datetime]) -> Events:
    """Return the events with the included ones marked, without those past a member's limit.

    `events` are in order of time. A request is included while the member's charges of the cycle,
    before it, are under the allowance; Cursor refuses it once their on-demand charges have reached the limit.
    """
    allowance = np.array([member.allowance_cents for member in members], dtype=np.int64) * MICRO
    limits = (member.limit_dollars for member in members)
    limit = np.array([NO_LIMIT if dollars is None else dollars * 100 * MICRO for dollars in limits])
    spent = _spent_before(events, cycle_starts)
    billed = events.kind == EventKind.USAGE_BASED
    included = billed & (spent < allowance[events.member])
    events = events.having(kind=np.where(included, EventKind.INCLUDED, events.kind))
    return events.take(spent - allowance[events.member] < limit[events.member])


def _spent_before(events: Events, cycle_starts: Sequence[datetime]) -> np.ndarray:
    """Return what the event's member had been charged in its cycle before it."""
    starts_ms = np.array([int(start.timestamp() * 1000) for start in cycle_starts])
    cycle = np.searchsorted(starts_ms, events.occurred_ms, side="right")
    account = events.member.astype(np.int64) * (len(starts_ms) + 1) + cycle
    order = np.argsort(account, kind="stable")
    charged = events.charged_micro[order]
    before = np.cumsum(charged) - charged
    is_first = np.diff(account[order], prepend=-1) != 0
    carried = np.maximum.accumulate(np.where(is_first, before, 0))
    spent = np.empty(len(events), dtype=np.int64)
    spent[order] = before - carried
    return spent
