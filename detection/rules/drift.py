"""Slow drift: days on end that each lie above the member's own usual, too little to be seen in one of
them."""

from dataclasses import dataclass
from datetime import timedelta
from functools import partial

import numpy as np

from collector.base.days import day_start
from detection.findings.finding import Finding, FindingWindow, Judgement
from detection.frame.arrays import Array
from detection.frame.frame import Frame, Past
from detection.frame.habits import TEAM_MEMBERS, Habit, habit
from detection.models import DetectionSettings
from detection.vocabulary import Rule

RULES = (Rule.DRIFT,)
NEEDS = ("events",)
# Whole days looked at together: a week, or two of a slower creep.
SPANS = (7, 14)
# A day counts at most so many deviations above the usual, or a single burst would be a drift; and so many
# days must lie more than one deviation above it: three or four of them are a busy week.
MOST_DEVIATIONS, LEAST_DAYS = 4.0, 5
# Days with spend before the span: a level of fewer is too uncertain to call a slow change.
LEAST_DAYS_BEFORE = 8
# People have busy and quiet weeks: the robust standard deviation of a week's level (logarithm) about the
# usual one.
WEEK_SPREAD = 0.35
LEAST_SPREAD = 0.48
NEWEST_DAYS = 2
# Deviations above the usual: of spend alone, or of the requests, which vary less, with spend beside them.
LEAST_Z, LEAST_Z_REQUESTS, CORROBORATED_Z = 3.5, 3.25, 1.25
# A busy week that is ebbing away is no drift: the newer half must lie above the older one.
LEAST_RISE = 0.2


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
    bound = np.maximum(float(settings.drift_multiplier) * level.expected, level.expected + floor) * level.lift
    mask = (
        level.is_over
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
    """Per member, of one span: cents spent and expected, days with spend in it and before it, and how far
    it lies above."""

    spent: Array
    expected: Array
    active: Array
    days: Array
    z: Array
    lift: float
    is_over: Array
    extra_without_burst: Array


def _level(past: Past, span: int) -> Level:
    recent, before = past.days.columns(slice(-span, None)), past.usual.columns(slice(None, -span))
    usual = habit(before.cents, least_spread=LEAST_SPREAD)
    made = habit(before.requests, least_spread=LEAST_SPREAD)
    z_spend, lift = _level_z(recent.cents, usual)
    z_requests, _ = _level_z(recent.requests, made)
    active = (recent.cents > 0).sum(axis=1)
    expected = _usual_sum(before.cents, active)
    spent, costliest = recent.cents.sum(axis=1), recent.cents.max(axis=1)
    many = (z_requests > LEAST_Z_REQUESTS) & (z_spend > CORROBORATED_Z) & _climbs(recent.requests, made)
    costly = (z_spend > LEAST_Z) & _climbs(recent.cents, usual)
    return Level(
        spent=spent,
        expected=expected,
        active=active,
        days=usual.days,
        z=np.maximum(z_spend, np.where(many, z_requests, z_spend)),
        lift=lift,
        is_over=(usual.days >= LEAST_DAYS_BEFORE) & _goes_on(recent.cents, usual) & (many | costly),
        extra_without_burst=spent - costliest - expected * (active - 1) / np.maximum(active, 1),
    )


_LEVELS = {span: partial(_level, span=span) for span in SPANS}


def _climbs(recent: Array, usual: Habit) -> Array:
    """Whether enough days lie above what is usual, and the newer half above the older one."""
    days = (_above(recent, usual) > usual.reach[:, None]).sum(axis=1)
    return (days >= LEAST_DAYS) & (_rise(recent) >= LEAST_RISE)


def _above(recent: Array, usual: Habit) -> Array:
    """By how much each day (logarithm) lies above the usual level; 0 for a day without any."""
    logs = np.log(np.where(recent > 0, recent, 1.0)) - usual.centre[:, None]
    return np.where(recent > 0, logs, 0.0)


def _level_z(recent: Array, usual: Habit) -> tuple[Array, float]:
    """How many deviations the span's level lies above the usual one times the team's lift, and this lift.

    Newer days weigh more, by their place in the span: that is where a drift shows.
    """
    above = _above(recent, usual)
    weights = np.where(recent > 0, np.arange(1.0, recent.shape[1] + 1), 0.0)
    sums = np.maximum(weights.sum(axis=1), 1.0)
    lift = _lift(((weights * above).sum(axis=1) / sums)[weights.any(axis=1)])
    capped = np.minimum(above - lift, MOST_DEVIATIONS * usual.reach[:, None])
    strays = np.sqrt(usual.reach**2 * (weights**2).sum(axis=1) / sums**2 + WEEK_SPREAD**2)
    return (weights * capped).sum(axis=1) / sums / strays, float(np.exp(lift))


def _rise(recent: Array) -> Array:
    """How far the newer half of the span (mean of the logarithm of its days) lies above the older one;
    without an older one, far."""
    middle = recent.shape[1] // 2
    older, newer = _mean_log(recent[:, :middle]), _mean_log(recent[:, middle:])
    return np.where(np.isnan(older), np.inf, newer - older)


def _mean_log(amounts: Array) -> Array:
    """Mean logarithm of each row's days with any; NaN without one."""
    days = (amounts > 0).sum(axis=1)
    logs = np.log(np.where(amounts > 0, amounts, 1.0)).sum(axis=1)
    return np.divide(logs, days, out=np.full(len(amounts), np.nan), where=days > 0)


def _lift(above: Array) -> float:
    """By how much the median member (logarithm) lies above the usual level, at least 0: what all pay more is
    no member's drift."""
    finite = above[np.isfinite(above)]
    return max(float(np.median(finite)), 0.0) if len(finite) >= TEAM_MEMBERS else 0.0


def _goes_on(recent: Array, usual: Habit) -> Array:
    """Whether the newest days with spend still lie above what is usual: what is over is no drift any more."""
    newest = np.cumsum(recent[:, ::-1] > 0, axis=1)[:, ::-1]
    last = (recent > 0) & (newest <= NEWEST_DAYS)
    mean = np.where(last, np.log(np.where(last, recent, 1.0)), 0.0).sum(axis=1) / np.maximum(
        last.sum(axis=1), 1
    )
    return np.asarray(last.any(axis=1) & (mean > usual.centre + usual.spread))


def _usual_sum(before: Array, active: Array) -> Array:
    """What as many days with spend usually come to: their number times the mean of the days before, the top
    tenth excluded."""
    days = (before > 0).sum(axis=1)
    top = np.floor(days * 0.1).astype(int)
    ordered = np.sort(before, axis=1)
    sums = np.concatenate([np.zeros((len(before), 1)), np.cumsum(ordered, axis=1)], axis=1)
    trimmed = sums[np.arange(len(before)), before.shape[1] - top]
    return active * trimmed / np.maximum(days - top, 1)
