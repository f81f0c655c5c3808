"""Members whom Cursor stops, because their on-demand spend of the cycle reached the limit in force."""

import numpy as np

from detection.findings.finding import Finding, FindingWindow
from detection.frame.frame import Frame
from detection.models import DetectionSettings
from detection.vocabulary import Cause, Rule, Severity

RULES = (Rule.MEMBERS_LIMITED,)
NEEDS = ("spend",)


def findings_in(frame: Frame, settings: DetectionSettings) -> list[Finding]:
    """One finding for the team, naming the members; a limit of zero dollars stops nobody who had any to
    spend."""
    if not settings.members_limited or frame.caps is None or frame.cycle is None:
        return []
    caps = frame.caps
    limited = (caps.limit_cents > 0) & (caps.on_demand_cents >= caps.limit_cents)
    members = [int(frame.member_ids[row]) for row in np.flatnonzero(limited)]
    if not members:
        return []
    return [
        Finding(
            rule=Rule.MEMBERS_LIMITED,
            cause=Cause.LIMIT,
            severity=Severity.WARNING,
            metric="members",
            observed=float(len(members)),
            bound=0.0,
            expected=0.0,
            window=FindingWindow(frame.cycle.start_at, frame.as_of, "since", "none"),
            operands={"member_ids": members},
        )
    ]
