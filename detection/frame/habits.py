"""Robust levels and spreads of logarithms, one row per member: what a working day usually holds.

Spend and requests of real people are about log-normal. Days without any say nothing about how much a
working day holds and are left out; very quiet days make nobody's busy day unusual, so the spread is that of
the upper side.
"""

from dataclasses import dataclass

import numpy as np

from .arrays import Array

UPPER_QUANTILE, UPPER_Z = 0.9, 1.2816  # of a normal distribution
# A member's own spread counts fully only beside this many days at the spread that is usual in the team.
SPREAD_DAYS = 10
# Two equal days do not prove perfect steadiness.
STEADIEST = 0.05
# A young member's level is drawn upward to the team's as if these many days at the team's level had been
# seen.
YOUNG_DAYS = 8
# Fewest members that make a team to compare with.
TEAM_MEMBERS = 8
# Where fewer are all there is to judge somebody without a history by: how far people differ, a factor of two.
LEAST_TEAM_SPREAD = 0.7


@dataclass(frozen=True)
class Habit:
    """Per member: `days` with any, `level` (median of the logarithm) and `spread` (robust standard
    deviation of it).

    `centre` and `reach` are the same as they are judged by: a joiner who grows into what is usual in the
    team is no incident, so both are drawn to the team's while there are few days. NaN where nothing is known
    of anybody.
    """

    logs: Array
    days: Array
    level: Array
    spread: Array
    centre: Array
    reach: Array


def habit(values: Array, *, least_spread: float, noise: Array | None = None) -> Habit:
    """Learn from `values` (members by days; 0 is a day without any).

    `noise` (at least 1, same shape) says how many times wider than the member's own the spread of each
    value is.
    """
    logs = np.full(values.shape, np.nan)
    np.log(values, out=logs, where=values > 0)
    days = np.isfinite(logs).sum(axis=1)
    level = quantile(logs, 0.5)
    residuals = logs - level[:, None]
    upper = quantile(residuals if noise is None else residuals / noise, UPPER_QUANTILE) / UPPER_Z
    spread = np.maximum(_pooled(upper, days), least_spread)
    return Habit(logs, days, level, spread, *_drawn_to_team(level, spread, days))


def quantile(values: Array, share: float) -> Array:
    """Quantile of each row, leaving NaN out; NaN for a row of nothing else. (numpy's own loops over rows.)"""
    if not values.shape[1]:
        return np.full(len(values), np.nan)
    ordered = np.sort(values, axis=1)  # NaN sorts last
    last = np.maximum(np.isfinite(ordered).sum(axis=1) - 1, 0)
    place = last * share
    low = np.floor(place).astype(int)
    rows = np.arange(len(ordered))
    below, above = ordered[rows, low], ordered[rows, np.minimum(low + 1, last)]
    return below + (above - below) * (place - low)


def _pooled(own: Array, days: Array) -> Array:
    """Each member's spread, drawn to the team's median one in proportion to how few days there are."""
    own = np.maximum(own, STEADIEST)
    settled = own[days >= SPREAD_DAYS]
    if not len(settled):
        return np.nan_to_num(own)
    team = np.median(settled)
    own = np.where(np.isfinite(own), own, team)
    # Means of logarithms: the spread of a few days is off by a factor, and one wild day must not set it.
    return np.exp((days * np.log(own) + SPREAD_DAYS * np.log(team)) / (days + SPREAD_DAYS))


def _drawn_to_team(level: Array, spread: Array, days: Array) -> tuple[Array, Array]:
    levels = level[np.isfinite(level)]
    if not len(levels):
        return level, spread
    team = np.median(levels)
    team_spread = 1.4826 * np.median(np.abs(levels - team))
    if len(levels) < TEAM_MEMBERS:  # too few to draw anybody to, but all there is for whoever has no days
        strange = np.hypot(spread, max(team_spread, LEAST_TEAM_SPREAD))
        return np.where(days, level, team), np.where(days, spread, strange)
    youth = YOUNG_DAYS / (days + YOUNG_DAYS)
    centre = np.fmax(level, (1 - youth) * np.nan_to_num(level) + youth * team)
    return centre, np.sqrt(spread**2 + (youth * team_spread) ** 2)
