"""Cycle outlier: cycle spend over N times the median of active members."""

import numpy as np

from detection.findings.finding import Finding, FindingWindow, Judgement
from detection.frame.frame import Frame
from detection.models import DetectionSettings
from detection.vocabulary import Rule

RULES = (Rule.CYCLE_OUTLIER,)
NEEDS = ("events",)
LEAST_MEMBERS = 5  # a median of fewer is one person's spend


def findings_in(frame: Frame, settings: DetectionSettings) -> list[Finding]:
    """Members far above the median: context, unless the settings let each check alarm by itself."""
    multiplier = float(settings.cycle_outlier_multiplier)
    if not multiplier or frame.cycle is None:
        return []
    spend = frame.cycle.total_cents
    active, median = frame.once(_median_of_active)
    if active < LEAST_MEMBERS:
        return []
    bound = max(multiplier * median, float(settings.floor_dollars) * 100)
    judgement = Judgement(
        rule=Rule.CYCLE_OUTLIER,
        mask=spend > bound,
        metric="spend_cycle",
        observed=spend,
        bound=bound,
        expected=median,
        window=FindingWindow(frame.cycle.start_at, frame.as_of, "since", "charged"),
        window_cents=spend,
        expected_cents=median,
        is_alarm=not settings.confirm_by_own_history,
        operands=lambda row: {
            "multiplier": multiplier,
            "median_cents": median,
            "active_members": active,
        },
    )
    return list(judgement.findings(frame))


def _median_of_active(frame: Frame) -> tuple[int, float]:
    """How many members have spent in the cycle, and their median."""
    spend = frame.cycle.total_cents if frame.cycle else np.zeros(0)
    active = spend[spend > 0]
    return len(active), float(np.median(active)) if len(active) else 0.0
