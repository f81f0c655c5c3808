"""Plan exhausted: a member's included usage of the cycle is used up, and spend is billed."""

from detection.findings.finding import Finding, FindingWindow, Judgement
from detection.frame.frame import Frame
from detection.models import DetectionSettings
from detection.vocabulary import Cause, Rule

RULES = (Rule.PLAN_EXHAUSTED,)
NEEDS = ("events",)


def findings_in(frame: Frame, settings: DetectionSettings) -> list[Finding]:
    """Members with billed spend in the running cycle, as information."""
    if not settings.plan_exhausted or frame.cycle is None:
        return []
    total, billed = frame.cycle.total_cents, frame.cycle.billed_cents
    judgement = Judgement(
        rule=Rule.PLAN_EXHAUSTED,
        cause=Cause.PLAN,
        mask=billed > 0,
        metric="billed_cycle",
        observed=billed,
        bound=0.0,
        expected=0.0,
        window=FindingWindow(frame.cycle.start_at, frame.as_of, "since", "billed"),
        is_alarm=False,
        operands=lambda row: {"included_cents": float(total[row] - billed[row])},
    )
    return list(judgement.findings(frame))
