"""Expensive model: a rolling day's cost per request over N times the member's own."""

from __future__ import annotations

import numpy as np

from detection.findings.finding import Finding, FindingWindow, flagged, last_24_hours, severity_of
from detection.frame.baseline import COST_Z, COST_Z_UNDER_FLOOR, Baseline, is_dear, noise_of
from detection.frame.frame import Array, Frame
from detection.models import DetectionSettings
from detection.vocabulary import Cause, Rule, Severity

RULES = (Rule.EXPENSIVE_MODEL,)
NEEDS = ("events",)
LEAST_DAYS = 3


def find(frame: Frame, settings: DetectionSettings, baseline: Baseline) -> list[Finding]:
    """Members whose requests became dearer; information where their cost per request always varied as
    much."""
    multiplier = float(settings.expensive_model_multiplier)
    if not multiplier:
        return []
    spend, requests = frame.peak.cents, frame.peak.requests
    cost = spend / np.maximum(requests, 1)
    usual, days = np.nan_to_num(np.exp(baseline.cost.level)), baseline.cost.days
    bound = multiplier * usual
    is_alarm = _is_confirmed(cost, usual, frame, settings, baseline) | (not settings.confirm_by_own_history)
    enough = (
        (days >= LEAST_DAYS) & (spend >= float(settings.expensive_model_min_dollars) * 100) & (requests > 0)
    )
    return [
        Finding(
            rule=Rule.EXPENSIVE_MODEL,
            cause=Cause.SPEND,
            severity=severity_of(cost[row], bound[row]) if is_alarm[row] else Severity.INFO,
            metric="cost_per_request_24h",
            observed=float(cost[row]),
            bound=float(bound[row]),
            expected=float(usual[row]),
            window=_window(frame, int(frame.peak_hours_ago[row])),
            member_id=int(frame.member_ids[row]),
            window_cents=float(spend[row]),
            expected_cents=float(usual[row] * requests[row]),
            is_provisional=True,
            operands={"multiplier": multiplier, "requests": float(requests[row]), "days": int(days[row])},
        )
        for row in flagged(enough & (cost > bound))
    ]


def _is_confirmed(
    cost: Array, usual: Array, frame: Frame, settings: DetectionSettings, baseline: Baseline
) -> Array:
    """Whether each member's own history allows neither the cost per request nor the spend, and the extra is
    over half the floor."""
    floor = float(settings.floor_dollars) * 100
    unusual_spend = baseline.bound_with_proof_cents[np.arange(len(cost)), frame.peak_hours_ago]
    extra = frame.peak.cents - usual * frame.peak.requests
    is_own = cost > _own_cost(frame, baseline, floor)
    return is_own & (frame.peak.cents > unusual_spend) & (extra > floor / 2)


def _window(frame: Frame, hours_ago: int) -> FindingWindow:
    day = last_24_hours(frame, hours_ago)
    return FindingWindow(day.start_at, day.end_at, "ratio")


def _own_cost(frame: Frame, baseline: Baseline, floor_cents: float) -> Array:
    """Cents per request that each member's own history does not allow: more of them under the floor, unless
    the price of the tokens says that dearer models were used. A rise for all lifts everybody's."""
    peak, rows = frame.peak, np.arange(len(frame.member_ids))
    is_plain = (peak.cents > floor_cents) | is_dear(peak, baseline.bound_price[rows, frame.peak_hours_ago])
    z = np.where(is_plain, COST_Z, COST_Z_UNDER_FLOOR)
    own = np.exp(baseline.cost.centre + z * baseline.cost.reach * noise_of(peak.requests))
    return own * baseline.cost_lift[frame.peak_hours_ago]
