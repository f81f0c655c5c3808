"""Own baseline: a rolling day of spend beyond what the member's own history allows."""

import numpy as np

from detection.findings.finding import Finding, Judgement, last_24_hours
from detection.frame.arrays import Array
from detection.frame.baseline import FAR_BEYOND, SHARE_OF_FLOOR, Baseline, has_evidence, is_expensive
from detection.frame.evidence import UNATTENDED
from detection.frame.frame import Frame
from detection.frame.usual import reached_cents
from detection.models import DetectionSettings
from detection.vocabulary import Rule

RULES = (Rule.OWN_BASELINE,)
NEEDS = ("events",)


def findings_in(frame: Frame, settings: DetectionSettings, baseline: Baseline) -> list[Finding]:
    """Members with a rolling day over their own bound, and over the floor."""
    if not settings.own_baseline_sensitivity or not len(frame.member_ids):
        return []
    floor = float(settings.floor_dollars) * 100
    is_own = _is_judged_by_own(baseline, settings)
    wild = np.maximum(np.nan_to_num(baseline.wild_cents, nan=np.inf), floor)
    spend = frame.rolling.cents
    bounds = np.where(is_own, own_bounds(frame, settings, baseline), wild)
    ended = (spend / np.maximum(bounds, 1)).argmax(axis=1)  # the rolling day that is farthest over its bound
    day = np.arange(len(spend)), ended
    judgement = Judgement(
        rule=Rule.OWN_BASELINE,
        mask=(is_own[day] | _is_wild(frame, baseline, day)) & (spend[day] > bounds[day]),
        metric="spend_24h",
        observed=spend[day],
        bound=bounds[day],
        expected=baseline.expected_cents[day],
        window=lambda row: last_24_hours(frame, int(ended[row])),
        window_cents=spend[day],
        expected_cents=baseline.expected_cents[day],
        critical_from=np.maximum(bounds[day], floor),
        is_provisional=True,
        scale=frame.inflation[day],
        operands=lambda row: {
            "sensitivity": float(settings.own_baseline_sensitivity),
            "level_cents": float(np.exp(baseline.habits.spend.level[row])),
            "spread": float(baseline.habits.spend.spread[row]),
            "days": int(baseline.habits.spend.days[row]),
            "requests": float(frame.rolling.requests[row, ended[row]]),
            "bound_requests": float(baseline.bound_requests[row, ended[row]]),
        },
        evidence=baseline.evidence,
    )
    return list(judgement.findings(frame))


def _is_judged_by_own(baseline: Baseline, settings: DetectionSettings) -> Array:
    """By member and rolling day: whether there is a history to judge by, or evidence that needs none."""
    is_known = baseline.habits.spend.days >= settings.own_baseline_min_days
    return is_known[:, None] | has_evidence(baseline, UNATTENDED)


def _is_wild(frame: Frame, baseline: Baseline, day: tuple[Array, Array]) -> Array:
    """Whether each member's rolling `day` is unusual even without a history: spend exceeds what is usual for
    the team, and so do requests, or the price of a token."""
    spend, requests = frame.rolling.cents[day], frame.rolling.requests[day]
    is_other = requests > baseline.wild_requests[day]
    is_other |= is_expensive(frame.rolling, baseline.bound_price)[day]
    return (spend > baseline.wild_cents[day]) & (spend > baseline.heavy_cents) & is_other


def own_bounds(frame: Frame, settings: DetectionSettings, baseline: Baseline) -> Array:
    """Cents that each rolling day must exceed, never under the floor: lower where far more requests than
    ever, more expensive models, or other evidence prove that it is not only a busy day."""
    rolling, floor = frame.rolling, float(settings.floor_dollars) * 100
    far_more = rolling.requests > FAR_BEYOND * baseline.bound_requests
    proved = is_expensive(rolling, baseline.bound_price) | far_more | baseline.is_proved
    bounds = np.where(proved, baseline.bound_with_proof_cents, baseline.bound_cents)
    is_unattended = far_more | has_evidence(baseline, UNATTENDED)
    reached = frame.past.once(reached_cents)[:, None]
    bounds = np.where(is_unattended, bounds, np.maximum(bounds, reached))
    floors = np.where(is_unattended, SHARE_OF_FLOOR * floor, floor)
    return np.maximum(np.nan_to_num(bounds, nan=np.inf), floors)
