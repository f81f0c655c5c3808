"""The documented rules of cursor-usage-tracker, replayed for comparison only.

Each rule by itself, on the running calendar day: spend over mean + 2.5 standard deviations of that day's
spenders; over 5 times the mean of the last 7 days with spend; cycle spend over 10 times the median; cost
per request over 3 times the member's own, from $20 a day on. A $50 floor, one open alert per member and
rule, over when the rule no longer holds.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime

import numpy as np

from detection.frame.arrays import Array
from detection.frame.frame import Frame
from detection.replay.history import History
from detection.replay.replay import Replay
from detection.rules.spike import recent_average

FLOOR_CENTS = 5_000
EXPENSIVE_CENTS = 2_000
LOOKBACK_DAYS = 44


@dataclass(frozen=True)
class RivalAlert:
    email: str | None
    detected_at: datetime
    ended_at: datetime | None = None


def alerts(history: History, steps: Sequence[datetime]) -> list[RivalAlert]:
    """Every alert that the rules would have raised, run at each step."""
    replay = Replay(history, steps[0], steps[-1], days=LOOKBACK_DAYS)
    live: dict[tuple[int, str], RivalAlert] = {}
    done: list[RivalAlert] = []
    for as_of in steps:
        frame = replay.frame(as_of)
        exceeding = {
            (int(frame.member_ids[row]), name)
            for name, mask in _judge(frame).items()
            for row in np.flatnonzero(mask)
        }
        done += [replace(live.pop(key), ended_at=as_of) for key in set(live) - exceeding]
        for key in exceeding - set(live):
            live[key] = RivalAlert(history.emails.get(key[0]), as_of)
    return done + list(live.values())


def _judge(frame: Frame) -> dict[str, Array]:
    """Per rule, which members it holds for. At midnight the day is the one that has just ended."""
    is_midnight = frame.as_of == frame.days_ago(0)
    before = slice(None, -1) if is_midnight else slice(None)
    spend = frame.days.cents[:, -1] if is_midnight else frame.today.cents[:, 0]
    requests = frame.days.requests[:, -1] if is_midnight else frame.today.requests[:, 0]
    days, made = frame.days.cents[:, before], frame.days.requests[:, before]
    over_floor = spend >= FLOOR_CENTS
    average, days_known = recent_average(days, 7)
    usual_cost = days.sum(axis=1) / np.maximum(made.sum(axis=1), 1)
    cost = spend / np.maximum(requests, 1)
    return {
        "zscore": over_floor & _unlike_the_day(spend),
        "spike": over_floor & (days_known > 0) & (spend > 5 * average),
        "cycle_outlier": _cycle_outlier(frame),
        "expensive_model": (spend >= EXPENSIVE_CENTS)
        & (requests > 0)
        & (usual_cost > 0)
        & (cost > 3 * usual_cost),
    }


def _unlike_the_day(spend: Array) -> Array:
    spenders = spend[spend > 0]
    if len(spenders) < 5:
        return np.zeros(len(spend), dtype=bool)
    return np.asarray(spend > spenders.mean() + 2.5 * spenders.std())


def _cycle_outlier(frame: Frame) -> Array:
    if frame.cycle is None:
        return np.zeros(len(frame.member_ids), dtype=bool)
    spend = frame.cycle.total_cents
    active = spend[spend > 0]
    median = np.median(active) if len(active) else np.inf
    return np.asarray((spend > 10 * median) & (spend >= FLOOR_CENTS))
