"""Own baseline: a rolling day of spend beyond what the member's own history allows."""

from __future__ import annotations

import numpy as np

from detection.baseline import Baseline
from detection.findings import Finding, flagged, last_24_hours, severity_of
from detection.frame import Frame
from detection.models import DetectionSettings
from detection.vocabulary import Cause, Rule

RULES = (Rule.OWN_BASELINE,)
NEEDS = ("events",)


def find(frame: Frame, settings: DetectionSettings, baseline: Baseline) -> list[Finding]:
    """Members with a rolling day over their own bound, and over the floor."""
    if not settings.own_baseline_sensitivity or not len(frame.member_ids):
        return []
    floor = float(settings.floor_dollars) * 100
    bounds = np.nan_to_num(np.maximum(baseline.bound_cents, floor), nan=np.inf)
    spend = frame.rolling.cents
    ended = (spend / bounds).argmax(axis=1)
    rows = np.arange(len(spend))
    observed, bound, expected = spend[rows, ended], bounds[rows, ended], baseline.expected_cents[rows, ended]
    return [
        Finding(
            rule=Rule.OWN_BASELINE,
            cause=Cause.SPEND,
            severity=severity_of(observed[row], bound[row]),
            metric="spend_24h",
            observed=float(observed[row]),
            bound=float(bound[row]),
            expected=float(expected[row]),
            window=last_24_hours(frame, int(ended[row])),
            member_id=int(frame.member_ids[row]),
            window_cents=float(observed[row]),
            expected_cents=float(expected[row]),
            is_provisional=True,
            operands={
                "sensitivity": float(settings.own_baseline_sensitivity),
                "level_cents": float(np.exp(baseline.level[row])),
                "spread": float(baseline.spread[row]),
                "days": int(baseline.days[row]),
            },
        )
        for row in flagged((observed > bound) & (baseline.days >= settings.own_baseline_min_days))
    ]
