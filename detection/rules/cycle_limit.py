"""Cycle spend over a limit; critical over twice."""

import numpy as np

from detection.findings.finding import Finding, FindingWindow, Judgement
from detection.frame.frame import Frame
from detection.models import DetectionSettings
from detection.vocabulary import Rule

RULES = (Rule.CYCLE_LIMIT,)
NEEDS = ("events",)


def findings_in(frame: Frame, settings: DetectionSettings) -> list[Finding]:
    """Members whose spend of the running cycle is over the limit."""
    limit = float(settings.cycle_limit_dollars) * 100
    if not limit or frame.cycle is None:
        return []
    spend = frame.cycle.total_cents
    judgement = Judgement(
        rule=Rule.CYCLE_LIMIT,
        mask=np.asarray(spend > limit),
        metric="spend_cycle",
        observed=spend,
        bound=limit,
        expected=limit,
        window=FindingWindow(frame.cycle.start_at, frame.as_of, "since", "charged"),
        window_cents=spend,
        expected_cents=limit,
        operands=lambda row: {"limit_cents": limit},
    )
    return list(judgement.findings(frame))
