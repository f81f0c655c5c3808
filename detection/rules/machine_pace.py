"""Machine's pace: more requests an hour than a person makes, and far more in 24 h than the member ever made.

The number is the alarm, whatever it costs: a loop on a cheap model shows here first.
"""

import numpy as np

from detection.findings.finding import Finding, Judgement, last_24_hours
from detection.frame.baseline import Baseline
from detection.frame.evidence import LONG_DAY_HOURS, MACHINE_HOURS
from detection.frame.frame import DAY_HOURS, Frame
from detection.models import DetectionSettings
from detection.vocabulary import Rule

RULES = (Rule.MACHINE_PACE,)
NEEDS = ("events",)
# Times the requests of the member's usual day; without a history, so many hours at the pace.
USUAL_TIMES, HOURS_WITHOUT_HISTORY = 5.0, 4


def findings_in(frame: Frame, settings: DetectionSettings, baseline: Baseline) -> list[Finding]:
    """Members whose requests came at the pace in several hours of 24, or are as many, and many times their
    usual."""
    pace = settings.machine_pace_per_hour
    if not pace or not len(frame.member_ids):
        return []
    hours, requests = frame.hours.requests, frame.rolling.requests
    ended = requests.argmax(axis=1)
    rows = np.arange(len(ended))
    usual = np.nan_to_num(np.exp(baseline.habits.requests.level))
    bound = _bounds(usual, pace)
    is_inside = _hours_of(ended, hours.shape[1])
    is_fast = ((hours >= pace) & is_inside).sum(axis=1) >= MACHINE_HOURS
    is_long = requests[rows, ended] >= LONG_DAY_HOURS * pace
    spend, expected = frame.rolling.cents[rows, ended], baseline.expected_cents[rows, ended]
    judgement = Judgement(
        rule=Rule.MACHINE_PACE,
        mask=(is_fast | is_long) & (requests[rows, ended] > bound),
        metric="requests_24h",
        observed=requests[rows, ended],
        bound=bound,
        expected=usual,
        window=lambda row: last_24_hours(frame, int(ended[row])).counting("requests"),
        window_cents=spend,
        expected_cents=expected,
        is_provisional=True,
        scale=frame.inflation[rows, ended],
        operands=lambda row: {
            "pace": pace,
            "highest_hour": float(np.where(is_inside[row], hours[row], 0).max()),
            "hours": int(((hours[row] >= pace) & is_inside[row]).sum()),
        },
        evidence=baseline.evidence,
    )
    return list(judgement.findings(frame))


def _bounds(usual: np.ndarray, pace: int) -> np.ndarray:
    bound = np.where(usual > 0, USUAL_TIMES * usual, HOURS_WITHOUT_HISTORY * pace)
    return np.maximum(bound, MACHINE_HOURS * pace)


def _hours_of(ended: np.ndarray, width: int) -> np.ndarray:
    """Which of the frame's hours belong to each member's rolling day that ended so many hours ago."""
    ago = np.arange(width - 1, -1, -1)
    return (ago >= ended[:, None]) & (ago < ended[:, None] + DAY_HOURS)
