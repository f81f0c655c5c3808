"""Price change: a model costs all who use it more per token than before, or the team moved to one that costs
more. One finding, about the team."""

from collector.base.days import day_start
from detection.findings.finding import Finding, FindingWindow
from detection.frame.frame import Frame
from detection.frame.price_changes import DAYS_SHOWN, PriceChange
from detection.models import DetectionSettings
from detection.vocabulary import Cause, Rule, Severity

# A rise that costs the team less than this share of the floor a week is worth knowing, and nobody's hour.
LEAST_WEEKLY = 0.1
RULES = (Rule.PRICE_CHANGE,)
NEEDS = ("events",)


def findings_in(frame: Frame, settings: DetectionSettings) -> list[Finding]:
    """One finding, about the rise that costs the team most a week; it names the others."""
    rises = sorted(
        (change for change in frame.changes if change.ratio > 1), key=lambda rise: -rise.weekly_cents
    )
    if not settings.price_changes or not rises:
        return []
    recent = [change for change in rises if (frame.day - change.day).days < DAYS_SHOWN]
    floor_cents = LEAST_WEEKLY * 100 * float(settings.floor_dollars)
    return [_finding(recent, frame, floor_cents)] if recent else []


def _finding(rises: list[PriceChange], frame: Frame, floor_cents: float) -> Finding:
    first = rises[0]
    return Finding(
        rule=Rule.PRICE_CHANGE,
        cause=Cause.PRICE,
        severity=Severity.WARNING if first.weekly_cents >= floor_cents else Severity.INFO,
        metric="price_ratio",
        observed=first.ratio,
        bound=1.0,
        expected=1.0,
        window=FindingWindow(day_start(first.day), frame.as_of, "since", "none"),
        operands={
            "model": first.model,
            "day": first.day.isoformat(),
            "weekly_cents": round(first.weekly_cents, 2),
            "members": first.members,
            "is_move": first.is_move,
            "also": [change.model for change in rises[1:]],
        },
    )
