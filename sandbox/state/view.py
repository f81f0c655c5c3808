"""What the API knows at an instant: events that happened, have been delivered, and are not too old."""

from dataclasses import dataclass, field
from datetime import datetime, timedelta

import numpy as np

from ..company.columns import Events
from ..company.company import Company
from ..company.draws import fractions
from ..company.instants import HOUR_MS, to_ms
from ..company.kinds import EventKind
from .agent_runs import AgentRuns
from .behaviour import Behaviour
from .spend_limits import SpendLimits

LATE, LATE_BY, REVISED, REVISED_AFTER = 11, 12, 13, 14  # salts


@dataclass(frozen=True)
class View:
    """The company as the API shows it at `now`."""

    company: Company
    behaviour: Behaviour
    now: datetime
    limits: SpendLimits = field(default_factory=SpendLimits)
    runs: AgentRuns = field(default_factory=AgentRuns)

    def events(self, start_ms: int | None = None, end_ms: int | None = None) -> Events:
        """Return the events known now from `start_ms` to `end_ms`, both included, oldest first."""
        end_ms = min(to_ms(self.now), end_ms if end_ms is not None else to_ms(self.now))
        start_ms = max(self._oldest_ms(), start_ms if start_ms is not None else 0)
        occurred = self.company.events.occurred_ms
        first, last = np.searchsorted(occurred, start_ms, "left"), np.searchsorted(occurred, end_ms, "right")
        shown = slice(first, max(first, last))
        return self._settled(self._delivered(self._served(shown)))

    def _served(self, shown: slice) -> Events:
        """The company's events without those that a limit or a cancelled run has stopped."""
        events = self.company.events.take(shown)
        if self.limits.changes:
            counts_total = self.behaviour.limits_count_total
            events = events.take(self.limits.admitted(self.company, counts_total=counts_total)[shown])
        return events.take(~self.runs.stopped(events)) if self.runs.cancelled_ms else events

    def _oldest_ms(self) -> int:
        if self.behaviour.retention_days is None:
            return 0
        return to_ms(self.now - timedelta(days=self.behaviour.retention_days))

    def _delivered(self, events: Events) -> Events:
        if not self.behaviour.late_share:
            return events
        is_late = fractions(events.noise, LATE) < self.behaviour.late_share
        delay_ms = fractions(events.noise, LATE_BY) * self.behaviour.late_hours * HOUR_MS
        return events.take(~is_late | (events.occurred_ms + delay_ms <= to_ms(self.now)))

    def _settled(self, events: Events) -> Events:
        """Until it settles, a revised event costs half and counts as included."""
        if not self.behaviour.revised_share:
            return events
        is_revised = fractions(events.noise, REVISED) < self.behaviour.revised_share
        after_ms = fractions(events.noise, REVISED_AFTER) * self.behaviour.revised_hours * HOUR_MS
        open_ = is_revised & (events.occurred_ms + after_ms > to_ms(self.now))
        halves = {
            name: np.where(open_, getattr(events, name) // 2, getattr(events, name))
            for name in ("model_micro", "fee_micro", "charged_micro")
        }
        kind = np.where(open_ & events.is_chargeable, EventKind.INCLUDED, events.kind)
        return events.having(**halves, kind=kind)

    def cycle(self) -> tuple[datetime, datetime]:
        """Return the current billing cycle [start, end)."""
        return self.company.anniversary.cycle(self.now)
