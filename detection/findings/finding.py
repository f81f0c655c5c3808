"""A finding: one rule's result about one member, with the figures it rests on."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Any, Literal

import numpy as np
import pandas as pd

from detection.frame.arrays import Array, in_numpy
from detection.frame.evidence import Evidence
from detection.frame.frame import DAY_HOURS, LATE_HOURS, Frame, hour_after
from detection.vocabulary import Cause, Rule, Severity

# `none`: the figure is not a sum of events but came with a snapshot, for example, so no event crossed it.
Unit = Literal["cents", "charged", "billed", "requests", "tokens", "none"]
# Value and charge differ by this share: then the message says that it is an estimate.
ESTIMATE_SHARE = 0.01
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
    part: Literal["all", "hand", "agents"] = "all"  # whose requests are read for the onset

    def counting(self, unit: Unit) -> FindingWindow:
        """The same window of another unit."""
        return replace(self, unit=unit)

    def holds(self, at: Array) -> Array:
        """Which of these instants (datetime64, UTC) lie in the window."""
        inside: Array = (at >= in_numpy(self.start_at)) & (at < in_numpy(self.end_at))
        return inside

    @property
    def onset_from(self) -> datetime:
        """The earliest that an onset can be.

        A rolling window's may lie in the `LATE_HOURS` before: rolling days that ended then are judged too.
        """
        if self.kind == "rolling":
            return self.end_at - timedelta(hours=self.hours + LATE_HOURS)
        return self.start_at

    @property
    def read_from(self) -> datetime:
        """Since when events are needed to tell where the running figure crossed the bound."""
        lead = self.hours + LATE_HOURS if self.kind == "rolling" else 0
        return self.start_at - timedelta(hours=lead)


@dataclass(frozen=True)
class Finding:
    """`observed`, `bound` and `expected` share one unit: cents, or a count, as the window says.

    `window_cents` is the value of the window's usage, `expected_cents` what it usually costs: the same where
    requests are compared, so that no dollars are extra; both 0 where the cause is not spend. `charged_cents`
    is what Cursor charged for the window, where that is known to differ from its value.
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
    evidence: tuple[Evidence, ...] = ()
    charged_cents: float | None = None

    def is_passing(self, as_of: datetime) -> bool:
        """Whether the window is the oldest rolling day looked at: all of it was judged in the hours before,
        and looks new only without what has passed out of view."""
        window = self.window
        is_day = window.kind != "since" and window.end_at - window.start_at == timedelta(hours=DAY_HOURS)
        return is_day and hour_after(as_of) - window.end_at >= timedelta(hours=LATE_HOURS)

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


def last_24_hours(frame: Frame, hours_ago: int = 0) -> FindingWindow:
    """The rolling day that ended `hours_ago` hours before the frame's last one."""
    end_at = frame.last_hour_ends_at - timedelta(hours=hours_ago)
    return FindingWindow(end_at - timedelta(hours=24), min(end_at, frame.as_of), "rolling")


Figures = Array | float


def with_charge(finding: Finding, events: pd.DataFrame) -> Finding:
    """The finding with what Cursor charged for its window, where its value is an estimate."""
    if finding.window.unit not in ("cents", "requests") or finding.member_id is None or events.empty:
        return finding
    inside = finding.window.holds(events["at"].to_numpy("datetime64[us]"))
    spent = events[["charged", "cents"]].to_numpy(float)[inside]
    charged, value = np.maximum(spent, 0.0).sum(axis=0).tolist()  # credits aside
    is_estimate = abs(value - charged) > ESTIMATE_SHARE * max(value, 1.0)
    return replace(finding, charged_cents=charged) if is_estimate else finding


@dataclass(frozen=True)
class Judgement:
    """What one rule says of all members at once: arrays with one figure per member, or one for all.

    `findings` makes a finding of each member for whom `mask` holds. `critical_from` is what twice of makes it
    critical (the bound, where nothing is given); where `is_alarm` does not hold it is information. `scale`
    multiplies all cents: what the usage costs now, over what it was judged at.
    """

    rule: Rule
    mask: Array
    metric: str
    observed: Figures
    bound: Figures
    expected: Figures
    window: FindingWindow | Callable[[int], FindingWindow]
    cause: Cause = Cause.SPEND
    window_cents: Figures = 0.0
    expected_cents: Figures = 0.0
    critical_from: Figures | None = None
    is_alarm: Array | bool = True
    is_provisional: Array | bool = False
    scale: Figures = 1.0
    operands: Callable[[int], dict[str, object]] = lambda row: {}
    evidence: Mapping[int, tuple[Evidence, ...]] = field(default_factory=dict)

    def findings(self, frame: Frame) -> Iterator[Finding]:
        """The few that stand out, in the order of the members."""
        for row in map(int, np.flatnonzero(self.mask)):
            yield self._finding(row, int(frame.member_ids[row]))

    def _finding(self, row: int, member_id: int) -> Finding:
        observed, bound = _figure(self.observed, row), _figure(self.bound, row)
        critical_from = bound if self.critical_from is None else _figure(self.critical_from, row)
        is_alarm = bool(_figure(self.is_alarm, row))
        window = self.window(row) if callable(self.window) else self.window
        scale = _figure(self.scale, row)
        factor = scale if window.unit == "cents" else 1.0
        return Finding(
            rule=self.rule,
            cause=self.cause,
            severity=severity_of(observed, critical_from) if is_alarm else Severity.INFO,
            metric=self.metric,
            observed=observed * factor,
            bound=bound * factor,
            expected=_figure(self.expected, row) * factor,
            window=window,
            member_id=member_id,
            window_cents=_figure(self.window_cents, row) * scale,
            expected_cents=_figure(self.expected_cents, row) * scale,
            is_provisional=bool(_figure(self.is_provisional, row)),
            operands=self.operands(row),
            evidence=self.evidence.get(row, ()),
        )


def _figure(figures: Figures | bool, row: int) -> float:
    return float(figures[row]) if isinstance(figures, np.ndarray) else float(figures)
