"""Own baseline: a rolling day of spend beyond what the member's own history allows."""

from __future__ import annotations

import numpy as np

from detection.baseline import Baseline, is_dear
from detection.findings import Finding, flagged, last_24_hours, severity_of
from detection.frame import Array, Frame
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
    bounds, floor = own_bounds(frame, settings, baseline), float(settings.floor_dollars) * 100
    spend = frame.rolling.cents
    ended = (spend / np.maximum(bounds, 1)).argmax(axis=1)
    rows = np.arange(len(spend))
    observed, bound, expected = spend[rows, ended], bounds[rows, ended], baseline.expected_cents[rows, ended]
    is_known = baseline.spend.days >= settings.own_baseline_min_days
    # Somebody without a history is judged by the team's: alarming only if spend and requests are both
    # beyond it.
    is_wild = (
        (observed > baseline.bound_cents[rows, ended])
        & (observed > baseline.heavy_cents)
        & (frame.rolling.requests[rows, ended] > baseline.bound_requests[rows, ended])
    )
    return [
        Finding(
            rule=Rule.OWN_BASELINE,
            cause=Cause.SPEND,
            severity=severity_of(observed[row], max(bound[row], floor)),
            metric="spend_24h",
            observed=float(observed[row]),
            bound=float(bound[row]),
            expected=float(expected[row]),
            window=last_24_hours(frame, int(ended[row])),
            member_id=int(frame.member_ids[row]),
            window_cents=float(observed[row]),
            expected_cents=float(expected[row]),
            is_provisional=True,
            operands={
                "sensitivity": float(settings.own_baseline_sensitivity),
                "level_cents": float(np.exp(baseline.spend.level[row])),
                "spread": float(baseline.spend.spread[row]),
                "days": int(baseline.spend.days[row]),
                "requests": float(frame.rolling.requests[row, ended[row]]),
                "bound_requests": float(baseline.bound_requests[row, ended[row]]),
            },
        )
        for row in flagged((is_known | is_wild) & (observed > bound))
    ]


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
