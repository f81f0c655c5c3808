"""Slow drift: days on end that each lie above the member's own usual, too little to be seen in one of
them."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from functools import partial

import numpy as np

from collector.base.days import day_start
from detection.findings.finding import Finding, FindingWindow, Judgement
from detection.frame.arrays import Array
from detection.frame.baseline import Baseline
from detection.frame.frame import Frame, Past
from detection.frame.habits import TEAM_MEMBERS, Habit, habit
from detection.models import DetectionSettings
from detection.vocabulary import Rule

RULES = (Rule.DRIFT,)
NEEDS = ("events",)
# Whole days looked at together, shortest first: a switch shows in three, a creep in one week or two.
SPANS = (3, 7, 14)
# The costliest days of a span are left out of its level, so that a burst, which may cross midnight, is no
# drift; so many days with spend must be left.
LEFT_OUT = {3: 1, 7: 2, 14: 2}
LEAST_DAYS = 2
# Days with spend before the span: a level of fewer is too uncertain to call a slow change.
LEAST_DAYS_BEFORE = 8
# People have busy and quiet weeks: the robust standard deviation of a week's level (logarithm) about the
# usual one.
WEEK_SPREAD = 0.35
LEAST_Z = 3.5
LEAST_SPREAD = 0.48
NEWEST_DAYS = 2
CORROBORATED_Z = 1.5  # will do where the number of requests is beyond the same bound


def findings_in(frame: Frame, settings: DetectionSettings, baseline: Baseline) -> list[Finding]:
    """Members whose spend over one of the spans is over the multiple, and beyond what their days vary by;
    one finding each."""
    if not settings.drift_multiplier:
        return []
    found: dict[int | None, Finding] = {}
    for span in SPANS:
        for finding in _over(span, frame, settings):
            found.setdefault(finding.member_id, finding)
    return list(found.values())


def _over(span: int, frame: Frame, settings: DetectionSettings) -> list[Finding]:
    """Findings of one span."""
    level = frame.past.once(_LEVELS[span])
    floor = float(settings.floor_dollars) * 100
    bound = np.maximum(float(settings.drift_multiplier) * level.expected, level.expected + floor) * level.lift
    mask = (
        level.is_over
        & (level.days >= settings.own_baseline_min_days)
        & (level.extra_without_burst > floor / 2)
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
    recent, before = past.days.columns(slice(-span, None)), past.days.columns(slice(None, -span))
    usual = habit(before.cents, least_spread=LEAST_SPREAD)
    kept, left, z_spend, lift = _level_z(recent.cents, span, usual)
    z_requests = _level_z(recent.requests, span, habit(before.requests, least_spread=LEAST_SPREAD))[2]
    active = (recent.cents > 0).sum(axis=1)
    expected = _usual_sum(before.cents, active)
    return Level(
        spent=recent.cents.sum(axis=1),
        expected=expected,
        active=active,
        days=usual.days,
        z=z_spend,
        lift=lift,
        is_over=(left >= LEAST_DAYS)
        & (usual.days >= LEAST_DAYS_BEFORE)
        & _goes_on(recent.cents, usual)
        & ((z_spend > LEAST_Z) | ((z_spend > CORROBORATED_Z) & (z_requests > LEAST_Z))),
        extra_without_burst=kept.sum(axis=1) - expected * left / np.maximum(active, 1),
    )


_LEVELS = {span: partial(_level, span=span) for span in SPANS}


def _level_z(recent: Array, span: int, usual: Habit) -> tuple[Array, Array, Array, float]:
    """The span's cheaper days, how many of them have any, how many deviations their level lies above the
    usual one times the team's lift, and this lift."""
    kept = np.sort(recent, axis=1)[:, : span - LEFT_OUT[span]]
    left = (kept > 0).sum(axis=1)
    mean = np.log(np.where(kept > 0, kept, 1.0)).sum(axis=1) / np.maximum(left, 1)
    strays = np.sqrt(usual.reach**2 / np.maximum(left, 1) + WEEK_SPREAD**2)
    above = mean - usual.centre
    lift = _lift(above[left > 0])
    return kept, left, (above - lift) / strays, float(np.exp(lift))


def _lift(above: Array) -> float:
    """By how much the median member (logarithm) lies above the usual level, at least 0: what all pay more is
    no member's drift."""
    known = above[np.isfinite(above)]
    return max(float(np.median(known)), 0.0) if len(known) >= TEAM_MEMBERS else 0.0


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
    tenth left out."""
    days = (before > 0).sum(axis=1)
    top = np.floor(days * 0.1).astype(int)
    ordered = np.sort(before, axis=1)
    sums = np.concatenate([np.zeros((len(before), 1)), np.cumsum(ordered, axis=1)], axis=1)
    kept = sums[np.arange(len(before)), before.shape[1] - top]
    return active * kept / np.maximum(days - top, 1)
