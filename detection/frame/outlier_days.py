"""What makes a day an outlier: one definition for the spike rule and for what pages outline.

A day is one whose spend is over N times the average of the days with spend; days off do not lower it.
"""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal

import numpy as np

from .arrays import Array

# Pages outline a day from this many times on; the rule has a setting of its own.
OUTLINED_TIMES = 2.0


def recent_average(spend: Array, lookback: int) -> tuple[Array, Array]:
    """Mean of each row's last `lookback` days with spend, and how many there were."""
    active = spend > 0
    from_the_end = np.cumsum(active[:, ::-1], axis=1)[:, ::-1]
    chosen = active & (from_the_end <= lookback)
    days = chosen.sum(axis=1)
    return np.where(chosen, spend, 0).sum(axis=1) / np.maximum(days, 1), days


def outlier_bound(average: Array, times: float) -> Array:
    """What the spend of an outlier day exceeds."""
    return times * average


def outlier_days(shown: Sequence[Decimal], whole: Sequence[Decimal]) -> list[bool]:
    """Which of the days `shown` are outliers beside the `whole` ones of the period; all in cents."""
    average, days = recent_average(np.array([whole], dtype=float), len(whole))
    bound = float(outlier_bound(average, OUTLINED_TIMES)[0])
    return [bool(days[0]) and float(cents) > bound for cents in shown]
