"""Spend spike: a rolling day of spend over N times the member's own daily average."""

from __future__ import annotations

import numpy as np

from detection.findings.finding import Finding, flagged, last_24_hours, severity_of
from detection.frame.baseline import Baseline
from detection.frame.frame import Array, Frame
from detection.models import DetectionSettings
from detection.vocabulary import Cause, Rule, Severity

from .own_baseline import own_bounds

RULES = (Rule.SPIKE,)
NEEDS = ("events",)
# Fewer days than this make no average: a second day of work would be compared with the first alone.
LEAST_DAYS = 3


def find(frame: Frame, settings: DetectionSettings, baseline: Baseline) -> list[Finding]:
    """Members whose 24 h are over the multiple and the floor; information where their own history allows as
    much."""
    multiplier = float(settings.spike_multiplier)
    if not multiplier:
        return []
    spend = frame.peak.cents
    average, days = recent_average(frame.past.history.cents, settings.spike_lookback_days)
    bound = np.maximum(multiplier * average, float(settings.floor_dollars) * 100)
    own = own_bounds(frame, settings, baseline)[np.arange(len(spend)), frame.peak_hours_ago]
    confirmed = (spend > own) | (not settings.confirm_by_own_history)
    return [
        Finding(
            rule=Rule.SPIKE,
            cause=Cause.SPEND,
            severity=severity_of(spend[row], bound[row]) if confirmed[row] else Severity.INFO,
            metric="spend_24h",
            observed=float(spend[row]),
            bound=float(bound[row]),
            expected=float(average[row]),
            window=last_24_hours(frame, int(frame.peak_hours_ago[row])),
            member_id=int(frame.member_ids[row]),
            window_cents=float(spend[row]),
            expected_cents=float(average[row]),
            is_provisional=True,
            operands={"multiplier": multiplier, "average_cents": float(average[row]), "days": int(days[row])},
        )
        for row in flagged((days >= LEAST_DAYS) & (spend > bound))
    ]


def recent_average(spend: Array, lookback: int) -> tuple[Array, Array]:
    """Mean of each row's last `lookback` days with spend, and how many there were. Days off do not lower
    it."""
    active = spend > 0
    from_the_end = np.cumsum(active[:, ::-1], axis=1)[:, ::-1]
    chosen = active & (from_the_end <= lookback)
    days = chosen.sum(axis=1)
    return np.where(chosen, spend, 0).sum(axis=1) / np.maximum(days, 1), days
