"""What is usual for each member: a robust, weekday-aware level of a day's spend, and how far a day may stray.

Spend of real people is about log-normal, so levels and spreads are those of the logarithm; days without
spend say nothing about how much a working day costs and are left out.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from .frame import Array, Frame
from .models import DetectionSettings

# Least spread of the logarithm: with the default sensitivity of 3.5 even the steadiest member may spend 4.8
# times the usual, just under the spike multiplier of 5.
LEAST_SPREAD = 0.45
# Where nothing is known about the team: half of a team's members lie within a factor of 2.2 of the median
# one.
TEAM_SPREAD = 1.2
# A young member's level is drawn upward to the team's as if these many days at the team's level had been
# seen.
YOUNG_DAYS = 8
# A member's own spread counts fully only beside this many days at the spread that is usual in the team.
SPREAD_DAYS = 10
WEEKDAY_DAYS = 4
CONFIRMING_SENSITIVITY = 3.5
MOST_WEEKDAY_EFFECT = 1.0  # a factor of e either way
UPPER_QUANTILE, UPPER_Z = 0.9, 1.2816
# Fewest members whose common lift is taken for the team's and not for one person's.
LIFT_MEMBERS = 8


@dataclass(frozen=True)
class Baseline:
    """Per member: days with spend, the usual cents of a rolling day as each ended, and what they must exceed.

    `expected_cents` and `bound_cents` have one column per rolling day of the frame; where there is no
    history at all the bound is NaN, which nothing exceeds.
    """

    days: Array
    level: Array
    spread: Array
    expected_cents: Array
    bound_cents: Array


def learn(frame: Frame, settings: DetectionSettings) -> Baseline:
    """Learn from the frame's history what is usual for each member."""
    spend = frame.history.cents
    active = spend > 0
    days = active.sum(axis=1)
    logs = np.log(np.where(active, spend, np.nan), where=active, out=np.full(spend.shape, np.nan))
    level = quantile(logs, 0.5)
    known = days >= settings.own_baseline_min_days
    spread = _spread(logs, level, days)
    weekday = _weekday_effects(logs - level[:, None], frame)
    centre, reach = _lifted_when_young(level, spread, days, known)
    # Switched off, the rule raises nothing; the other rules are confirmed as before.
    sensitivity = float(settings.own_baseline_sensitivity) or CONFIRMING_SENSITIVITY
    ends = _end_weekdays(frame)
    effect = weekday[:, ends]
    both_days = np.maximum(np.maximum(effect, weekday[:, ends - 1]), 0)
    with np.errstate(over="ignore"):
        expected = np.exp(level[:, None] + effect)
        bound = np.exp(centre[:, None] + both_days + sensitivity * reach[:, None])
        bound = bound * _team_lift(frame, expected, known)
    return Baseline(days, level, spread, np.nan_to_num(expected), bound)


def quantile(values: Array, share: float) -> Array:
    """Quantile of each row, leaving NaN out; NaN for a row of nothing else. (numpy's own loops over rows.)"""
    ordered = np.sort(values, axis=1)  # NaN sorts last
    counts = np.isfinite(ordered).sum(axis=1)
    place = np.maximum(counts - 1, 0) * share
    low = np.floor(place).astype(int)
    high = np.minimum(low + 1, np.maximum(counts - 1, 0))
    rows = np.arange(len(ordered))
    if not ordered.shape[1]:
        return np.full(len(ordered), np.nan)
    return ordered[rows, low] + (ordered[rows, high] - ordered[rows, low]) * (place - low)


def _spread(logs: Array, level: Array, days: Array) -> Array:
    """Robust standard deviation of the logarithm, the wider of both sides' and the upper side's, drawn to
    the team's."""
    deviation = 1.4826 * quantile(np.abs(logs - level[:, None]), 0.5)
    upper = (quantile(logs, UPPER_QUANTILE) - level) / UPPER_Z
    own = np.fmax(deviation, upper)
    settled = own[days >= SPREAD_DAYS]
    team = np.median(settled) if len(settled) else LEAST_SPREAD
    own = np.where(np.isfinite(own), own, team)
    pooled = np.sqrt((days * own**2 + SPREAD_DAYS * team**2) / (days + SPREAD_DAYS))
    return np.maximum(pooled, LEAST_SPREAD)


def _weekday_effects(residuals: Array, frame: Frame) -> Array:
    """Per member and weekday (Monday first): how the logarithm of that day's spend differs, drawn to the
    team's."""
    weekdays = frame.weekdays[: residuals.shape[1]]
    effects = np.zeros((len(residuals), 7))
    for weekday in range(7):
        chosen = residuals[:, weekdays == weekday]
        seen = np.isfinite(chosen).sum(axis=1)
        pool = chosen[np.isfinite(chosen)]
        team = np.median(pool) * len(pool) / (len(pool) + WEEKDAY_DAYS) if len(pool) else 0.0
        own = np.nan_to_num(quantile(chosen, 0.5))
        effects[:, weekday] = (seen * own + WEEKDAY_DAYS * team) / (seen + WEEKDAY_DAYS)
    return np.clip(effects, -MOST_WEEKDAY_EFFECT, MOST_WEEKDAY_EFFECT)


def _lifted_when_young(level: Array, spread: Array, days: Array, known: Array) -> tuple[Array, Array]:
    """Level and spread to judge by: a joiner who grows into what is usual in the team is no incident."""
    levels = level[known]
    if not len(levels):
        return level, spread
    team = np.median(levels)
    team_spread = 1.4826 * np.median(np.abs(levels - team)) if len(levels) >= LIFT_MEMBERS else 0.0
    youth = YOUNG_DAYS / (days + YOUNG_DAYS)
    centre = np.fmax(level, (1 - youth) * np.nan_to_num(level) + youth * team)
    return centre, np.sqrt(spread**2 + (youth * team_spread) ** 2)


def _end_weekdays(frame: Frame) -> Array:
    """Weekday on which each rolling day ended; one that ends at midnight belongs to the day before."""
    hours = np.arange(frame.rolling.cents.shape[1])
    seconds = frame.as_of.hour * 3600 + frame.as_of.minute * 60 + frame.as_of.second - 1
    return (frame.day.weekday() + (seconds - hours * 3600) // 86400) % 7


def _team_lift(frame: Frame, expected: Array, known: Array) -> Array:
    """How many times the usual most active members spend in each rolling day, where that is more than
    once."""
    spend = frame.rolling.cents[known]
    if len(spend) < LIFT_MEMBERS:
        return np.ones(frame.rolling.cents.shape[1])
    ratios = np.where(spend > 0, spend / expected[known], np.nan)
    lifts = quantile(ratios.T, 0.5)
    enough = (spend > 0).sum(axis=0) >= LIFT_MEMBERS
    return np.where(enough, np.fmax(lifts, 1.0), 1.0)
