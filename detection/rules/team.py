"""Unlike the team: a rolling day's spend, or requests, many standard deviations above the mean of active
members."""

from dataclasses import replace

import numpy as np

from detection.findings.finding import Finding, Judgement, Unit, last_24_hours
from detection.frame.frame import Frame, Past
from detection.models import DetectionSettings
from detection.vocabulary import Rule

RULES = (Rule.TEAM_SPEND, Rule.TEAM_REQUESTS)
NEEDS = ("events",)
# Days of members with any that make a mean; the day judged is not among them, so small teams can be judged
# too.
LEAST_MEMBER_DAYS = 10


def findings_in(frame: Frame, settings: DetectionSettings) -> list[Finding]:
    """Members unlike the team: context, unless the settings let each check alarm by itself."""
    if not settings.team_multiplier or not len(frame.member_ids):
        return []
    floor = float(settings.floor_dollars) * 100
    spend = _unlike(Rule.TEAM_SPEND, frame, settings, floor)
    return spend + _unlike(Rule.TEAM_REQUESTS, frame, settings, 0.0)


def _unlike(rule: Rule, frame: Frame, settings: DetectionSettings, floor: float) -> list[Finding]:
    unit: Unit = "cents" if rule == Rule.TEAM_SPEND else "requests"
    member_days, mean, deviation = frame.past.once(_spread_of, unit, settings.team_window_days)
    if member_days < LEAST_MEMBER_DAYS:
        return []
    bound = max(mean + float(settings.team_multiplier) * deviation, floor)
    rolling = getattr(frame.rolling, unit)
    ended, observed = rolling.argmax(axis=1), rolling.max(axis=1)
    rows = np.arange(len(observed))
    spend = frame.rolling.cents[rows, ended]
    is_spend = rule == Rule.TEAM_SPEND
    judgement = Judgement(
        rule=rule,  # of one cause: so many requests are what was spent on
        mask=(observed > bound) & (deviation > 0),
        metric="spend_24h" if is_spend else "requests_24h",
        observed=observed,
        bound=bound,
        expected=mean,
        window=lambda row: replace(last_24_hours(frame, int(ended[row])), unit=unit),
        window_cents=spend,
        expected_cents=mean if is_spend else spend,
        is_alarm=not settings.confirm_by_own_history,
        is_provisional=True,
        scale=frame.inflation[rows, ended],
        operands=lambda row: {"mean": mean, "deviation": deviation, "member_days": member_days},
    )
    return list(judgement.findings(frame))


def _spread_of(past: Past, unit: Unit, days: int) -> tuple[int, float, float]:
    """Of the members' last days with any: how many, their mean, and their standard deviation."""
    window = getattr(past.history, unit)[:, -days:]
    active = window[window > 0]
    return (len(active), float(active.mean()), float(active.std())) if len(active) else (0, 0.0, 0.0)
