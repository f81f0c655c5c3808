"""Spend spike: a rolling day of spend over N times the member's own daily average."""

import numpy as np

from detection.findings.finding import Finding, Judgement, last_24_hours
from detection.frame.arrays import Array
from detection.frame.baseline import Baseline, has_evidence
from detection.frame.evidence import PLAIN
from detection.frame.frame import Frame, Past
from detection.models import DetectionSettings
from detection.vocabulary import Rule

from .own_baseline import own_bounds

RULES = (Rule.SPIKE,)
NEEDS = ("events",)
# Fewer days than this make no average: a second day of work would be compared with the first alone.
LEAST_DAYS = 3


def findings_in(frame: Frame, settings: DetectionSettings, baseline: Baseline) -> list[Finding]:
    """Members whose 24 h are over the multiple and the floor; information where their own history allows as
    much."""
    multiplier = float(settings.spike_multiplier)
    if not multiplier:
        return []
    spend, ended = frame.peak.cents, frame.peak_hours_ago
    average, days = frame.past.once(_average, settings.spike_lookback_days)
    bound = np.maximum(multiplier * average, float(settings.floor_dollars) * 100)
    rows = np.arange(len(spend))
    own = own_bounds(frame, settings, baseline)[rows, ended]
    is_proved = has_evidence(baseline, PLAIN)[rows, ended]
    judgement = Judgement(
        rule=Rule.SPIKE,
        mask=((days >= LEAST_DAYS) | (is_proved & (days > 0))) & (spend > bound),
        metric="spend_24h",
        observed=spend,
        bound=bound,
        expected=average,
        window=lambda row: last_24_hours(frame, int(ended[row])),
        window_cents=spend,
        expected_cents=average,
        is_alarm=(spend > own) | is_proved | (not settings.confirm_by_own_history),
        is_provisional=True,
        scale=frame.inflation[rows, ended],
        operands=lambda row: {
            "multiplier": multiplier,
            "average_cents": float(average[row]),
            "days": int(days[row]),
        },
        evidence=baseline.evidence,
    )
    return list(judgement.findings(frame))


def _average(past: Past, lookback: int) -> tuple[Array, Array]:
    return recent_average(past.history.cents, lookback)


def recent_average(spend: Array, lookback: int) -> tuple[Array, Array]:
    """Mean of each row's last `lookback` days with spend, and how many there were."""
    active = spend > 0
    from_the_end = np.cumsum(active[:, ::-1], axis=1)[:, ::-1]
    chosen = active & (from_the_end <= lookback)
    days = chosen.sum(axis=1)
    return np.where(chosen, spend, 0).sum(axis=1) / np.maximum(days, 1), days
