"""Slow drift: requests, or their tokens, that climb for days on end, too little to be seen in one day."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta

import numpy as np

from collector.base.days import day_start
from detection.findings.finding import Finding, FindingWindow, Judgement
from detection.frame.arrays import Array
from detection.frame.frame import Frame, Measures, Past
from detection.frame.habits import habit
from detection.frame.usual import lift, ratio
from detection.models import DetectionSettings
from detection.vocabulary import Rule

RULES = (Rule.DRIFT,)
NEEDS = ("events",)
# Whole days looked at together: a week, or two of a slower creep.
SPANS = (7, 14)
# Days with spend before the span: a level of fewer is too uncertain to call a slow change.
LEAST_DAYS_BEFORE = 8
# People have busy and quiet weeks: the robust standard deviation of a week's level (logarithm) about the
# usual one.
WEEK_SPREAD = 0.35
LEAST_SPREAD = 0.48
# What days are compared with: a climb to so many times the usual at the end of the span.
CLIMB = 5.0
# Most days with any must lie over the usual: a few busy ones are no drift.
HIGH_SHARE = 2 / 3
# Standard errors at which a climb is more than a busy week, and their share that remains without the highest
# day and the one beside it: a burst, even through midnight, makes no drift of the days around it.
LEAST_Z, SHARE_WITHOUT_BURST = 3.2, 0.5


def findings_in(frame: Frame, settings: DetectionSettings) -> list[Finding]:
    """Members whose spend over one of the spans is over the multiple, and beyond what their days vary by;
    one finding each."""
    if not settings.drift_multiplier:
        return []
    by_member: dict[int | None, Finding] = {}
    for span in SPANS:
        for finding in _over_span(span, frame, settings):
            by_member.setdefault(finding.member_id, finding)
    return list(by_member.values())


def _over_span(span: int, frame: Frame, settings: DetectionSettings) -> list[Finding]:
    """Findings of one span."""
    level = frame.past.once(_level, span)
    floor = float(settings.floor_dollars) * 100 * span / 7
    bound = np.maximum(float(settings.drift_multiplier) * level.expected, level.expected + floor)
    mask = (
        (level.days >= LEAST_DAYS_BEFORE)
        & (level.days >= settings.own_baseline_min_days)
        & (level.extra_without_burst > floor)
        & (level.spent > bound)
    )
    z = _clarity(frame, span, mask)
    end_at = day_start(frame.day)
    judgement = Judgement(
        rule=Rule.DRIFT,
        mask=mask & (z > LEAST_Z),
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
            "z": float(z[row]),
        },
    )
    return list(judgement.findings(frame))


@dataclass(frozen=True)
class Level:
    """Per member, of one span: cents spent and expected, and days with spend in it and before it."""

    spent: Array
    expected: Array
    active: Array
    days: Array
    extra_without_burst: Array


def _level(past: Past, span: int) -> Level:
    recent, before = past.days.cents[:, -span:], past.usual.cents[:, :-span]
    active = (recent > 0).sum(axis=1)
    expected = _usual_sum(before, active)
    spent, costliest = recent.sum(axis=1), recent.max(axis=1)
    return Level(
        spent=spent,
        expected=expected,
        active=active,
        days=(before > 0).sum(axis=1),
        extra_without_burst=spent - costliest - expected * (active - 1) / np.maximum(active, 1),
    )


def _clarity(frame: Frame, span: int, mask: Array) -> Array:
    """How clearly each member's requests climb; where that is not enough for one of the `mask`, how clearly
    both the tokens of a request and spend do. More for the same tokens is no drift: models and prices have
    rules of their own."""

    def climb(measure: Callable[[Measures], Array]) -> Array:
        return frame.past.once(_climb, measure, span, frame.day.weekday())

    z = climb(_requests)
    if (mask & (z <= LEAST_Z)).any():
        tokens = climb(_tokens_per_request)
        if (mask & (tokens > LEAST_Z)).any():
            z = np.maximum(z, np.minimum(tokens, climb(_cents)))
    return z


def _requests(days: Measures) -> Array:
    return days.requests


def _tokens_per_request(days: Measures) -> Array:
    """Cents in their place for members of whom no tokens are known."""
    weight = np.where(days.weight.any(axis=1, keepdims=True), days.weight, days.cents)
    return ratio(weight, days.requests)


def _cents(days: Measures) -> Array:
    return days.cents


def _climb(past: Past, measure: Callable[[Measures], Array], span: int, today: int) -> Array:
    """How many standard errors each row climbs above its usual; 0 where nothing is known.

    A generalised least-squares fit to the logarithms of the days with any, less what the team does more on
    the same day. Days stray one by one as far as the member's do, and those of one week together; the usual
    is known only as well as the days before tell. `today` is the weekday of the day after the last.
    """
    recent, before = measure(past.days)[:, -span:], measure(past.usual)[:, :-span]
    usual, seen = habit(before, least_spread=LEAST_SPREAD), recent > 0
    of_team = lift(recent, np.nan_to_num(np.exp(usual.level))[:, None])
    above = np.where(seen, np.log(np.where(seen, recent / of_team, 1.0)) - usual.centre[:, None], 0.0)
    rise = np.log(1 + (CLIMB - 1) * np.arange(1, recent.shape[1] + 1) / recent.shape[1])
    # Days of one week, Monday to Sunday, have one number.
    weeks = (today - np.arange(before.shape[1] + recent.shape[1], 0, -1)) // 7
    earlier, current = np.split(weeks, [before.shape[1]])
    variance = usual.reach[:, None] ** 2
    together = WEEK_SPREAD**2 * (current[:, None] == current)
    weeks_before = ((before > 0) @ (earlier[:, None] == np.unique(earlier)) > 0).sum(axis=1)
    unsure = variance[:, 0] / np.maximum(usual.days, 1) + WEEK_SPREAD**2 / np.maximum(weeks_before, 1)

    def weighed(values: Array, counted: Array) -> Array:
        """`values` of the days that count, by the inverse of what days vary by, alone and with their week."""
        return counted * (values - values @ together / (variance + counted @ together)) / variance

    def errors(counted: Array) -> Array:
        shape = counted * rise
        weights, flat = weighed(shape, counted), weighed(counted, counted)
        weights -= flat * (unsure * weights.sum(axis=1) / (1 + unsure * flat.sum(axis=1)))[:, None]
        strength, height = ((weights * values).sum(axis=1) for values in (shape, above))
        return np.nan_to_num(height / np.sqrt(np.where(strength > 0, strength, np.nan)))

    z = np.minimum(errors(seen), errors(seen & ~_burst(above)) / SHARE_WITHOUT_BURST)
    return np.where((above > 0).sum(axis=1) >= HIGH_SHARE * seen.sum(axis=1), z, 0.0)


def _burst(above: Array) -> Array:
    """The highest day of each row, and the higher of the two beside it."""
    days = np.arange(above.shape[1])
    top = above.argmax(axis=1)[:, None]
    beside = np.where(abs(days - top) == 1, above, -np.inf).argmax(axis=1)[:, None]
    return (days == top) | (days == beside)


def _usual_sum(before: Array, active: Array) -> Array:
    """What as many days with spend usually come to: their number times the mean of the days before, the top
    tenth excluded."""
    days = (before > 0).sum(axis=1)
    top = np.floor(days * 0.1).astype(int)
    ordered = np.sort(before, axis=1)
    sums = np.concatenate([np.zeros((len(before), 1)), np.cumsum(ordered, axis=1)], axis=1)
    trimmed = sums[np.arange(len(before)), before.shape[1] - top]
    return active * trimmed / np.maximum(days - top, 1)
