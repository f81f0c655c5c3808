"""Cycle spend over a limit; critical over twice."""

from __future__ import annotations

import numpy as np

from detection.findings.finding import Finding, FindingWindow, flagged, severity_of
from detection.frame.baseline import Baseline
from detection.frame.frame import Frame
from detection.models import DetectionSettings
from detection.vocabulary import Cause, Rule

RULES = (Rule.CYCLE_LIMIT,)
NEEDS = ("events",)


def find(frame: Frame, settings: DetectionSettings, baseline: Baseline) -> list[Finding]:
    """Members whose spend of the running cycle is over the limit."""
    limit = float(settings.cycle_limit_dollars) * 100
    if not limit or frame.cycle is None:
        return []
    spend = frame.cycle.total_cents
    window = FindingWindow(frame.cycle.start_at, frame.as_of, "since")
    return [
        Finding(
            rule=Rule.CYCLE_LIMIT,
            cause=Cause.SPEND,
            severity=severity_of(spend[row], limit),
            metric="spend_cycle",
            observed=float(spend[row]),
            bound=limit,
            expected=limit,
            window=window,
            member_id=int(frame.member_ids[row]),
            window_cents=float(spend[row]),
            expected_cents=limit,
            operands={"limit_cents": limit},
        )
        for row in flagged(np.asarray(spend > limit))
    ]
