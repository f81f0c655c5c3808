"""Days whose spend a person called a real problem: they never count as usual."""

from collections.abc import Iterable
from datetime import datetime, timedelta

import numpy as np

from collector.base.days import utc_day
from detection.models import Anomaly
from detection.vocabulary import Rule

from .arrays import Array
from .frame import HOURS


def problem_days(confirmed: Iterable[Anomaly], as_of: datetime, member_ids: Array, count: int) -> Array:
    """Which of the `count` whole days before `as_of` belong to an anomaly confirmed by then, by member."""
    mask = np.zeros((len(member_ids), count), dtype=bool)
    first_day = utc_day(as_of) - timedelta(days=count)
    for anomaly in confirmed:
        if anomaly.is_confirmed(as_of):
            first, last = ((utc_day(instant) - first_day).days for instant in _stretch_of(anomaly))
            mask[member_ids == anomaly.member_id, max(first, 0) : max(last + 1, 0)] = True
    return mask


def _stretch_of(anomaly: Anomaly) -> tuple[datetime, datetime]:
    """From when to when the spend was unusual."""
    began_at = anomaly.onset_at or anomaly.detected_at
    if anomaly.rule == Rule.DRIFT and "window_start" in anomaly.operands:
        # A drift's onset is where the sum of its days crossed the bound.
        began_at = min(began_at, datetime.fromisoformat(anomaly.operands["window_start"]))
    # A rolling day is judged until its first hour is so many hours old.
    return began_at, max(began_at, anomaly.last_seen_at - timedelta(hours=HOURS))
