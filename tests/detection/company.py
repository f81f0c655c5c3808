"""A small made-up company with incidents, as a history to replay."""

from datetime import timedelta
from functools import cache

from detection.models import DetectionSettings
from detection.replay.backtest import backtest
from detection.replay.replay import Replay, steps
from detection.scoring.companies import NOW, history_of, labelled_company

LAST = NOW.date() - timedelta(days=1)


@cache
def small_history():
    """Forty people over forty days, always the same."""
    return history_of(labelled_company(seed=3, members=40, days=40))


def daily_steps(days):
    """Midnights of the last `days` days."""
    return steps(LAST - timedelta(days=days - 1), LAST, 24)


def frame_at(history, as_of):
    """What was known at `as_of`."""
    return Replay(history, as_of - timedelta(days=2), as_of, days=44).frame(as_of)


def raised(history, days=10, **changes):
    """Would-be incidents of the last days, judged every six hours."""
    settings = DetectionSettings(**changes)
    return backtest(history, settings, steps(LAST - timedelta(days=days - 1), LAST, 6))
