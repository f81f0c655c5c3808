"""Own baseline: a rolling day of spend beyond what the member's own history allows."""

from __future__ import annotations

import numpy as np

from detection.findings.finding import Finding, flagged, last_24_hours, severity_of
from detection.frame.baseline import Baseline, is_dear
from detection.frame.frame import Array, Frame
from detection.models import DetectionSettings
from detection.vocabulary import Cause, Rule

RULES = (Rule.OWN_BASELINE,)
NEEDS = ("events",)
# So many times the bound of requests, and the number of requests is the alarm: an agent that runs away on a
# cheap model does not cost much more than a busy day, and half the floor will do.
FAR_BEYOND, SHARE_OF_FLOOR = 1.5, 0.5


def find(frame: Frame, settings: DetectionSettings, baseline: Baseline) -> list[Finding]:
    """Members with a rolling day over their own bound, and over the floor."""
    if not settings.own_baseline_sensitivity or not len(frame.member_ids):
        return []
    spend, bounds = frame.rolling.cents, own_bounds(frame, settings, baseline)
    ended = (spend / np.maximum(bounds, 1)).argmax(axis=1)  # the rolling day that is farthest over its bound
    day = np.arange(len(spend)), ended
    is_known = baseline.spend.days >= settings.own_baseline_min_days
    is_over = (is_known | _is_wild(frame, baseline, day)) & (spend[day] > bounds[day])
    return [
        _finding(row, int(ended[row]), float(bounds[row, ended[row]]), frame, settings, baseline)
        for row in flagged(is_over)
    ]


def _is_wild(frame: Frame, baseline: Baseline, day: tuple[Array, Array]) -> Array:
    """Whether each member's rolling `day` would alarm without a history: judged by the team's, only if spend
    and requests are both beyond it."""
    spend, requests = frame.rolling.cents[day], frame.rolling.requests[day]
    return (
        (spend > baseline.bound_cents[day])
        & (spend > baseline.heavy_cents)
        & (requests > baseline.bound_requests[day])
    )


def _finding(
    row: int, hours_ago: int, bound: float, frame: Frame, settings: DetectionSettings, baseline: Baseline
) -> Finding:
    """The member's rolling day that ended `hours_ago`, over its `bound` in cents."""
    observed = float(frame.rolling.cents[row, hours_ago])
    expected = float(baseline.expected_cents[row, hours_ago])
    return Finding(
        rule=Rule.OWN_BASELINE,
        cause=Cause.SPEND,
        severity=severity_of(observed, max(bound, float(settings.floor_dollars) * 100)),
        metric="spend_24h",
        observed=observed,
        bound=bound,
        expected=expected,
        window=last_24_hours(frame, hours_ago),
        member_id=int(frame.member_ids[row]),
        window_cents=observed,
        expected_cents=expected,
        is_provisional=True,
        operands={
            "sensitivity": float(settings.own_baseline_sensitivity),
            "level_cents": float(np.exp(baseline.spend.level[row])),
            "spread": float(baseline.spend.spread[row]),
            "days": int(baseline.spend.days[row]),
            "requests": float(frame.rolling.requests[row, hours_ago]),
            "bound_requests": float(baseline.bound_requests[row, hours_ago]),
        },
    )


def own_bounds(frame: Frame, settings: DetectionSettings, baseline: Baseline) -> Array:
    """Cents that each rolling day must exceed, never under the floor: lower where so many requests, or such
    dear models, are unusual too."""
    rolling, floor = frame.rolling, float(settings.floor_dollars) * 100
    many = rolling.requests > baseline.bound_requests
    far_more = rolling.requests > FAR_BEYOND * baseline.bound_requests
    bounds = np.where(many, baseline.bound_with_requests_cents, baseline.bound_cents)
    bounds = np.where(
        is_dear(rolling, baseline.bound_price) | far_more, baseline.bound_with_proof_cents, bounds
    )
    floors = np.where(far_more, SHARE_OF_FLOOR * floor, floor)
    return np.maximum(np.nan_to_num(bounds, nan=np.inf), floors)
