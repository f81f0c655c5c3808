"""Unlike the team: a rolling day's spend, or requests, many standard deviations above the mean of active
members."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from detection.findings.finding import Finding, Unit, flagged, last_24_hours, severity_of
from detection.frame.baseline import Baseline
from detection.frame.frame import Frame
from detection.models import DetectionSettings
from detection.vocabulary import Cause, Rule, Severity

RULES = (Rule.TEAM_SPEND, Rule.TEAM_REQUESTS)
NEEDS = ("events",)
# Days of members with any that make a mean; the day judged is not among them, so small teams can be judged
# too.
LEAST_MEMBER_DAYS = 10


def find(frame: Frame, settings: DetectionSettings, baseline: Baseline) -> list[Finding]:
    """Members unlike the team: context, unless the settings let each check alarm by itself."""
    if not settings.team_multiplier or not len(frame.member_ids):
        return []
    floor = float(settings.floor_dollars) * 100
    spend = _unlike(Rule.TEAM_SPEND, frame, settings, floor)
    return spend + _unlike(Rule.TEAM_REQUESTS, frame, settings, 0.0)


def _unlike(rule: Rule, frame: Frame, settings: DetectionSettings, floor: float) -> list[Finding]:
    unit: Unit = "cents" if rule == Rule.TEAM_SPEND else "requests"
    window = getattr(frame.past.history, unit)[:, -settings.team_window_days :]
    pool = window[window > 0]
    if len(pool) < LEAST_MEMBER_DAYS:
        return []
    mean, deviation = float(pool.mean()), float(pool.std())
    bound = max(mean + float(settings.team_multiplier) * deviation, floor)
    rolling = getattr(frame.rolling, unit)
    hours_ago = rolling.argmax(axis=1)
    observed = rolling.max(axis=1)
    spend = frame.rolling.cents[np.arange(len(observed)), hours_ago]
    is_spend = rule == Rule.TEAM_SPEND
    return [
        Finding(
            rule=rule,
            cause=Cause.SPEND,  # so many requests are what was spent on: one incident
            severity=Severity.INFO if settings.confirm_by_own_history else severity_of(observed[row], bound),
            metric="spend_24h" if is_spend else "requests_24h",
            observed=float(observed[row]),
            bound=bound,
            expected=mean,
            window=replace(last_24_hours(frame, int(hours_ago[row])), unit=unit),
            member_id=int(frame.member_ids[row]),
            window_cents=float(spend[row]),
            expected_cents=mean if is_spend else float(spend[row]),
            is_provisional=True,
            operands={"mean": mean, "deviation": deviation, "member_days": len(pool)},
        )
        for row in flagged((observed > bound) & (deviation > 0))
    ]
