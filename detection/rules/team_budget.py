"""Team budget: the whole team's spend of the cycle reached the budget; critical at 110 %."""

from detection.findings.finding import Finding, FindingWindow, severity_of
from detection.frame.frame import Frame
from detection.models import DetectionSettings
from detection.vocabulary import Cause, Rule

RULES = (Rule.TEAM_BUDGET,)
NEEDS = ("events",)
CRITICAL_OVER = 1.1


def findings_in(frame: Frame, settings: DetectionSettings) -> list[Finding]:
    """One finding for the team."""
    budget = float(settings.team_budget_dollars) * 100
    if not budget or frame.cycle is None:
        return []
    spend = frame.cycle.team_cents
    if spend < budget:
        return []
    return [
        Finding(
            rule=Rule.TEAM_BUDGET,
            cause=Cause.BUDGET,
            severity=severity_of(spend, budget, CRITICAL_OVER),
            metric="spend_cycle",
            observed=spend,
            bound=budget,
            expected=budget,
            window=FindingWindow(frame.cycle.start_at, frame.as_of, "since", "charged"),
            window_cents=spend,
            expected_cents=budget,
            operands={"share": round(spend / budget, 4)},
        )
    ]
