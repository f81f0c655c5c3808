"""A finding: one rule's result about one member, with the figures it rests on."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, Literal

import numpy as np

from detection.frame.frame import LATE_HOURS, Array, Frame
from detection.vocabulary import Cause, Rule, Severity

# `none`: the figure is no sum of events, such as one that came with a snapshot, so no event crossed it.
Unit = Literal["cents", "billed", "requests", "tokens", "none"]
CRITICAL_OVER = 2.0  # times the bound: product promise for the cycle limit, kept for every rule


@dataclass(frozen=True)
class FindingWindow:
    """The stretch `[start_at, end_at)` that was measured, and how its running figure is read.

    `rolling` sums the `hours` before each event, `since` sums from the start, `ratio` is cents per request
    from the start.
    """

    start_at: datetime
    end_at: datetime
    kind: Literal["rolling", "since", "ratio"]
    unit: Unit = "cents"
    hours: int = 24

    @property
    def read_from(self) -> datetime:
        """Since when events are needed to tell where the running figure crossed the bound."""
        lead = self.hours + LATE_HOURS if self.kind == "rolling" else 0
        return self.start_at - timedelta(hours=lead)


@dataclass(frozen=True)
class Finding:
    """`observed`, `bound` and `expected` share one unit: cents, or a count, as the window says.

    `window_cents` is the spend of the window, `expected_cents` what it usually costs: the same where requests
    are compared, so that no dollars are extra; both 0 where the cause is not spend.
    """

    rule: Rule
    cause: Cause
    severity: Severity
    metric: str
    observed: float
    bound: float
    expected: float
    window: FindingWindow
    member_id: int | None = None
    window_cents: float = 0.0
    expected_cents: float = 0.0
    is_provisional: bool = False
    operands: dict[str, Any] = field(default_factory=dict)

    @property
    def extra_cents(self) -> float:
        """Dollars above what is usual, in cents, never negative."""
        return max(0.0, self.window_cents - self.expected_cents)

    @property
    def daily_cents(self) -> float:
        """Spend per 24 h of the window, in cents: what "too small" is measured by, whatever the window."""
        days = (self.window.end_at - self.window.start_at) / timedelta(days=1)
        return self.window_cents / max(1.0, days)


def severity_of(observed: float, bound: float, critical_over: float = CRITICAL_OVER) -> Severity:
    """Critical over `critical_over` times the bound, else a warning."""
    return Severity.CRITICAL if observed > critical_over * bound else Severity.WARNING


def flagged(mask: Array) -> Iterator[int]:
    """Row numbers at which `mask` holds: the few findings, never all members."""
    return map(int, np.flatnonzero(mask))


def last_24_hours(frame: Frame, hours_ago: int = 0) -> FindingWindow:
    """The rolling day that ended `hours_ago` hours before the frame."""
    end_at = frame.as_of - timedelta(hours=hours_ago)
    return FindingWindow(end_at - timedelta(hours=24), end_at, "rolling")
