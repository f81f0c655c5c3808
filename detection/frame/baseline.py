"""What is usual for each member, by weekday and by how busy the team is, and how far a day may stray."""

from collections.abc import Mapping, Set
from dataclasses import dataclass, field, replace

import numpy as np

from detection.models import DetectionSettings

from .arrays import Array
from .evidence import (
    LONG_DAY_HOURS,
    MACHINE_HOURS,
    MACHINE_REQUESTS,
    Evidence,
    EvidenceKind,
    Usual,
    WorkReader,
    gather,
)
from .frame import DAY_HOURS, Frame, Measures
from .habits import Habit
from .usual import PRICE_MARGIN, MemberHabits, expectation, habits, heavy_cents, noise_of, team_cost

# What other rules are confirmed by while this one is switched off.
CONFIRMING_SENSITIVITY = 4.0
# Where something that spend is made of is unusual by itself, spend need not be quite: this share of the
# sensitivity is enough. Busy days have more requests anyway, so those prove nothing unless they are far
# beyond; what a request or a token costs says how, and with which models, however busy the day.
WITH_PROOF = 0.375
# Newcomers are judged by spend and requests together, each at this share of it.
NEWCOMER = 0.81
# So many times the bound of requests, and the number of requests is the alarm: an agent that runs away on a
# cheap model does not cost much more than a busy day, and half the floor is enough.
FAR_BEYOND, SHARE_OF_FLOOR = 2.5, 0.5
# Robust standard deviations (of the logarithm) at which they are.
COST_Z, CONTEXT_Z = 3.0, 3.0
# Under the floor the cost per request is all there is to go by, and there are many member-days to err on.
COST_Z_UNDER_FLOOR = 4.0


@dataclass(frozen=True)
class Baseline:
    """The members' habits, and per member and rolling day of the frame:

    `expected_cents` is usual and `bound_cents` is what spend must exceed to be unusual by itself;
    `bound_with_proof_cents` is enough with proof: requests far over `bound_requests`, a price of tokens over
    `bound_price` (cents per weighed token), or other evidence (`is_proved`; in words, by the member's row,
    `evidence`). NaN, which nothing exceeds, where there is no history. `wild_cents` and `wild_requests` are
    for those without one, and `heavy_cents` is what the team's costliest member-days hold.
    """

    habits: MemberHabits
    expected_cents: Array
    bound_cents: Array
    bound_with_proof_cents: Array
    bound_requests: Array
    bound_price: Array
    wild_cents: Array
    wild_requests: Array
    cost_lift: Array
    heavy_cents: float
    is_proved: Array
    evidence: Mapping[int, tuple[Evidence, ...]] = field(default_factory=dict)


def learn(frame: Frame, settings: DetectionSettings) -> Baseline:
    """Learn from the frame's history what is usual for each member."""
    # Switched off, the rule raises nothing; the other rules are confirmed as before.
    sensitivity = float(settings.own_baseline_sensitivity) or CONFIRMING_SENSITIVITY
    usual = frame.past.once(habits)
    now = frame.once(expectation)
    return Baseline(
        habits=usual,
        expected_cents=now.cents,
        bound_cents=_reach(usual.spend, sensitivity) * now.factor,
        bound_with_proof_cents=_reach(usual.spend, WITH_PROOF * sensitivity) * now.factor,
        bound_requests=_reach(usual.requests, sensitivity) * now.factor,
        bound_price=now.bound_price,
        wild_cents=_reach(usual.spend, NEWCOMER * sensitivity) * now.factor,
        wild_requests=_reach(usual.requests, NEWCOMER * sensitivity) * now.factor,
        cost_lift=now.cost_lift,
        heavy_cents=frame.past.once(heavy_cents),
        is_proved=np.zeros(now.cents.shape, dtype=bool),
    )


def worth_a_look(frame: Frame, settings: DetectionSettings) -> Array:
    """Members whose last day can be over a bound of their own at all: whose spend is over the least floor, or
    who made many requests in an hour, or in the hours known."""
    floors = [SHARE_OF_FLOOR * float(settings.floor_dollars)]
    if settings.expensive_model_multiplier:
        floors.append(float(settings.expensive_model_min_dollars))
    pace = float(settings.machine_pace_per_hour or np.inf)
    requests = frame.hours.requests
    is_fast = (requests >= min(pace, MACHINE_REQUESTS)).sum(axis=1) >= MACHINE_HOURS
    is_fast |= requests.sum(axis=1) >= LONG_DAY_HOURS * pace
    return np.flatnonzero((frame.peak.cents >= 100 * min(floors)) | is_fast)


def prove(frame: Frame, settings: DetectionSettings, baseline: Baseline, read: WorkReader) -> Baseline:
    """The baseline with evidence about the few members whose spend, cost or pace is worth a look."""
    rows = np.flatnonzero(_suspects(frame, settings, baseline))
    if not len(rows):
        return baseline
    works, names = read([int(frame.member_ids[row]) for row in rows])
    last = int(frame.last_hour_ends_at.timestamp()) // 3600
    evidence = {}
    for row in map(int, rows):
        end = last - int(frame.peak_hours_ago[row])
        work = works.get(int(frame.member_ids[row]))
        if work is not None:
            evidence[row] = gather(work, names, end - DAY_HOURS, end, _usual_of(row, frame, baseline))
    evidence = {row: proofs for row, proofs in evidence.items() if proofs}
    is_proved = baseline.is_proved.copy()
    chosen = np.array(list(evidence), dtype=int)
    is_proved[chosen, frame.peak_hours_ago[chosen]] = True
    return replace(baseline, evidence=evidence, is_proved=is_proved)


def has_evidence(baseline: Baseline, kinds: Set[EvidenceKind]) -> Array:
    """Per member and rolling day: whether there is evidence of one of these kinds."""
    mask = np.zeros_like(baseline.is_proved)
    for row, proofs in baseline.evidence.items():
        if any(proof.kind in kinds for proof in proofs):
            mask[row] = baseline.is_proved[row]
    return mask


def _usual_of(row: int, frame: Frame, baseline: Baseline) -> Usual:
    context = baseline.habits.context
    reach = CONTEXT_Z * context.reach[row] * noise_of(frame.peak.requests[row])
    return Usual(
        context=float(np.exp(context.level[row])),
        most_context=float(np.exp(context.centre[row] + reach)),
        cost_lift=float(baseline.cost_lift[row, frame.peak_hours_ago[row]]),
        team_cost=PRICE_MARGIN * frame.past.once(team_cost),
        problem_days=frame.problem_days(row),
    )


def _suspects(frame: Frame, settings: DetectionSettings, baseline: Baseline) -> Array:
    """Members for whom evidence could decide: spend beyond what the best proof allows, requests that cost far
    more than usual, or too many of them in an hour."""
    peak, ended = frame.peak, frame.peak_hours_ago
    floor = float(settings.floor_dollars) * 100
    unusual = peak.cents > baseline.bound_with_proof_cents[np.arange(len(ended)), ended]
    usual = np.nan_to_num(np.exp(baseline.habits.cost.level)) * float(settings.expensive_model_multiplier)
    costly = (peak.hand_cents > usual * peak.hand_requests) & (usual > 0)
    is_fast = (frame.hours.requests >= MACHINE_REQUESTS).sum(axis=1) >= MACHINE_HOURS
    least = np.where(costly, float(settings.expensive_model_min_dollars) * 100, SHARE_OF_FLOOR * floor)
    return np.asarray(((unusual | costly) & (peak.cents >= least)) | is_fast)


def is_expensive(usage: Measures, bound_price: Array) -> Array:
    """Where the price of the tokens is over its bound: more expensive models than the member's own."""
    return (usage.cents > bound_price * usage.weight) & (usage.weight > 0)


def _reach(usual: Habit, sensitivity: float) -> Array:
    with np.errstate(over="ignore"):
        return np.exp(usual.centre + sensitivity * usual.reach)[:, None]
