"""Plan exhausted: a member's included usage of the cycle is used up, and spend is billed."""

from __future__ import annotations

from detection.findings.finding import Finding, FindingWindow, flagged
from detection.frame.baseline import Baseline
from detection.frame.frame import Frame
from detection.models import DetectionSettings
from detection.vocabulary import Cause, Rule, Severity

RULES = (Rule.PLAN_EXHAUSTED,)
NEEDS = ("events",)


def find(frame: Frame, settings: DetectionSettings, baseline: Baseline) -> list[Finding]:
    """Members with billed spend in the running cycle, as information."""
    if not settings.plan_exhausted or frame.cycle is None:
        return []
    billed = frame.cycle.billed_cents
    return [
        Finding(
            rule=Rule.PLAN_EXHAUSTED,
            cause=Cause.PLAN,
            severity=Severity.INFO,
            metric="billed_cycle",
            observed=float(billed[row]),
            bound=0.0,
            expected=0.0,
            window=FindingWindow(frame.cycle.start_at, frame.as_of, "since", "billed"),
            member_id=int(frame.member_ids[row]),
            operands={"included_cents": float(frame.cycle.total_cents[row] - billed[row])},
        )
        for row in flagged(billed > 0)
    ]
