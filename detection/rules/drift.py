"""Slow drift: requests, or what each costs, that climb for days on end, too little to be seen in one day."""

from dataclasses import dataclass
from datetime import timedelta
from functools import partial

import numpy as np

from collector.base.days import day_start
from detection.findings.finding import Finding, FindingWindow, Judgement
from detection.frame.arrays import Array
from detection.frame.frame import Frame, Past
from detection.frame.habits import TEAM_MEMBERS, habit
from detection.frame.usual import ratio
from detection.models import DetectionSettings
from detection.vocabulary import Rule

RULES = (Rule.DRIFT,)
NEEDS = ("events",)
# Whole days looked at together: a week, or two of a slower creep.
SPANS = (7, 14)
# So many days must lie more than one deviation above the usual: three or four of them are a busy week.
LEAST_DAYS = 5
# Days with spend before the span: a level of fewer is too uncertain to call a slow change.
LEAST_DAYS_BEFORE = 8
# People have busy and quiet weeks: the robust standard deviation of a week's level (logarithm) about the
# usual one.
WEEK_SPREAD = 0.35
LEAST_SPREAD = 0.48
# What days are compared with: a climb to so many times the usual at the end of the span.
CLIMB = 5.0
# Standard errors at which a climb is more than a busy week.
LEAST_Z = 3.9


def findings_in(frame: Frame, settings: DetectionSettings) -> list[Finding]:
    """Members whose spend over one of the spans is over the multiple, and beyond what their days vary by;
    one finding each."""
    if not settings.drift_multiplier:
        return []
    by_member: dict[int | None, Finding] = {}
    for span in SPANS:
        for finding in _over(span, frame, settings):
            by_member.setdefault(finding.member_id, finding)
    return list(by_member.values())


def _over(span: int, frame: Frame, settings: DetectionSettings) -> list[Finding]:
    """Findings of one span."""
    level = frame.past.once(_LEVELS[span])
    floor = float(settings.floor_dollars) * 100 * span / 7
    bound = np.maximum(float(settings.drift_multiplier) * level.expected, level.expected + floor)
    mask = (
        (level.z > LEAST_Z)
        & (level.days >= LEAST_DAYS_BEFORE)
        & (level.days >= settings.own_baseline_min_days)
        & (level.extra_without_burst > floor)
        & (level.spent > bound)
    )
    end_at = day_start(frame.day)
    judgement = Judgement(
        rule=Rule.DRIFT,
        mask=mask,
        metric=f"spend_{span}d",
        observed=level.spent,
        bound=bound,
        expected=level.expected,
        window=FindingWindow(end_at - timedelta(days=span), end_at, "rolling", hours=span * 24),
        window_cents=level.spent,
        expected_cents=level.expected,
        operands=lambda row: {
            "days": span,
            "active_days": int(level.active[row]),
            "z": float(level.z[row]),
        },
    )
    return list(judgement.findings(frame))


@dataclass(frozen=True)
class Level:
    """Per member, of one span: cents spent and expected, days with spend in it and before it, and how clearly
    it climbs."""

    spent: Array
    expected: Array
    active: Array
    days: Array
    z: Array
    extra_without_burst: Array


def _level(past: Past, span: int) -> Level:
    recent, before = past.days.columns(slice(-span, None)), past.usual.columns(slice(None, -span))
    costs = ratio(recent.cents, recent.requests), ratio(before.cents, before.requests)
    active = (recent.cents > 0).sum(axis=1)
    expected = _usual_sum(before.cents, active)
    spent, costliest = recent.cents.sum(axis=1), recent.cents.max(axis=1)
    return Level(
        spent=spent,
        expected=expected,
        active=active,
        days=(before.cents > 0).sum(axis=1),
        z=np.maximum(_climb(recent.requests, before.requests), _climb(*costs)),
        extra_without_burst=spent - costliest - expected * (active - 1) / np.maximum(active, 1),
    )


_LEVELS = {span: partial(_level, span=span) for span in SPANS}


def _climb(recent: Array, before: Array) -> Array:
    """How many standard errors each row climbs more than the team does; 0 without enough high days, and where
    the newest day with any is back at the usual.

    A least-squares fit to the logarithms of the days with any, which stray one by one as far as the member's
    days do, and all together as far as people's weeks do.
    """
    usual, seen = habit(before, least_spread=LEAST_SPREAD), recent > 0
    above = np.where(seen, np.log(np.where(seen, recent, 1.0)) - usual.centre[:, None], 0.0)
    shape = seen * np.log(1 + (CLIMB - 1) * np.arange(1, recent.shape[1] + 1) / recent.shape[1])
    variance = usual.reach**2
    shared = WEEK_SPREAD**2 / (variance + WEEK_SPREAD**2 * seen.sum(axis=1))

    def product(one: Array, other: Array) -> Array:
        return (one * other).sum(axis=1) - shared * one.sum(axis=1) * other.sum(axis=1)

    strength = np.where(seen.any(axis=1), product(shape, shape), np.nan)
    slope = product(shape, above) / strength
    climbs = slope[np.isfinite(slope)]
    # What all do at once is no member's drift.
    of_team = max(float(np.median(climbs)), 0.0) if len(climbs) >= TEAM_MEMBERS else 0.0
    is_high = above - of_team * shape > usual.reach[:, None]
    newest = np.where(seen, np.arange(recent.shape[1]), -1).argmax(axis=1)
    goes_on = above[np.arange(len(above)), newest] > 0
    z = np.nan_to_num((slope - of_team) * np.sqrt(strength / variance))
    return np.where(goes_on & (is_high.sum(axis=1) >= LEAST_DAYS), z, 0.0)


def _usual_sum(before: Array, active: Array) -> Array:
    """What as many days with spend usually come to: their number times the mean of the days before, the top
    tenth excluded."""
    days = (before > 0).sum(axis=1)
    top = np.floor(days * 0.1).astype(int)
    ordered = np.sort(before, axis=1)
    sums = np.concatenate([np.zeros((len(before), 1)), np.cumsum(ordered, axis=1)], axis=1)
    trimmed = sums[np.arange(len(before)), before.shape[1] - top]
    return active * trimmed / np.maximum(days - top, 1)
