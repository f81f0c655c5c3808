"""Expensive model: a rolling day's cost per request over N times the member's own.

Requests by hand are compared with requests by hand, and the runs of cloud agents and automations with those:
one event may be a whole run.
"""

from dataclasses import dataclass
from typing import Literal

import numpy as np

from detection.findings.finding import Finding, FindingWindow, Judgement, last_24_hours
from detection.frame.arrays import Array
from detection.frame.baseline import (
    COST_Z,
    COST_Z_UNDER_FLOOR,
    Baseline,
    has_evidence,
    is_expensive,
)
from detection.frame.evidence import EvidenceKind
from detection.frame.frame import Frame
from detection.frame.habits import Habit
from detection.frame.usual import (
    PRICE_MARGIN,
    REACHED_MARGIN,
    REACHED_TIMES,
    TOO_NEW_DAYS,
    main_costs,
    noise_of,
    ratio,
    reached_cents,
)
from detection.models import DetectionSettings
from detection.vocabulary import Rule

RULES = (Rule.EXPENSIVE_MODEL,)
NEEDS = ("events",)
LEAST_DAYS = 3
# Share of the floor that a model which is new for the member must add.
NEW_MODEL_EXTRA = 0.6


@dataclass(frozen=True)
class Priced:
    """One surface's part of each member's costliest rolling day, and what a request there usually costs."""

    part: Literal["hand", "agents"]
    metric: str
    cents: Array
    requests: Array
    habit: Habit
    main_cost: Array
    lift: Array

    @property
    def cost(self) -> Array:
        return self.cents / np.maximum(self.requests, 1)

    @property
    def usual(self) -> Array:
        return np.nan_to_num(np.exp(self.habit.level))


def findings_in(frame: Frame, settings: DetectionSettings, baseline: Baseline) -> list[Finding]:
    """Members whose requests, or runs, became more expensive; information where their cost always varied as
    much."""
    if not settings.expensive_model_multiplier:
        return []
    lift = baseline.cost_lift[np.arange(len(frame.member_ids)), frame.peak_hours_ago]
    main_by_hand, main_of_agents = frame.past.once(main_costs)
    by_hand = Priced(
        "hand",
        "cost_per_request_24h",
        frame.peak.hand_cents,
        frame.peak.hand_requests,
        baseline.habits.cost,
        main_by_hand,
        lift,
    )
    runs = Priced(
        "agents",
        "cost_per_run_24h",
        frame.peak.agent_cents,
        frame.peak.agent_requests,
        baseline.habits.agent_cost,
        main_of_agents,
        np.ones_like(lift),
    )
    by_member: dict[int | None, Finding] = {}
    for priced in (by_hand, runs):
        for finding in _costly(priced, frame, settings, baseline):
            by_member.setdefault(finding.member_id, finding)
    return list(by_member.values())


def _costly(priced: Priced, frame: Frame, settings: DetectionSettings, baseline: Baseline) -> list[Finding]:
    multiplier = float(settings.expensive_model_multiplier)
    cost, usual, days = priced.cost, priced.usual, priced.habit.days
    bound = multiplier * usual
    rows = np.arange(len(cost))
    extra = priced.cents - usual * priced.requests
    is_new = has_evidence(baseline, {EvidenceKind.NEW_MODEL})[rows, frame.peak_hours_ago]
    is_new &= extra > NEW_MODEL_EXTRA * float(settings.floor_dollars) * 100
    is_new &= frame.peak.cents > frame.past.once(reached_cents)
    is_confirmed = _is_confirmed(priced, frame, settings, baseline) | (is_new & (priced.part == "hand"))
    is_enough = priced.cents >= float(settings.expensive_model_min_dollars) * 100
    judgement = Judgement(
        rule=Rule.EXPENSIVE_MODEL,
        mask=((days >= LEAST_DAYS) | (is_new & (days > 0)))
        & is_enough
        & (priced.requests > 0)
        & (cost > bound),
        metric=priced.metric,
        observed=cost,
        bound=bound,
        expected=usual,
        window=lambda row: _window(frame, int(frame.peak_hours_ago[row]), priced.part),
        window_cents=frame.peak.cents,
        expected_cents=frame.peak.cents - priced.cents + usual * priced.requests,
        is_alarm=is_confirmed | (not settings.confirm_by_own_history),
        is_provisional=True,
        scale=frame.inflation[rows, frame.peak_hours_ago],
        operands=lambda row: {
            "multiplier": multiplier,
            "requests": float(priced.requests[row]),
            "days": int(days[row]),
        },
        evidence=baseline.evidence,
    )
    return list(judgement.findings(frame))


def _is_confirmed(priced: Priced, frame: Frame, settings: DetectionSettings, baseline: Baseline) -> Array:
    """Whether each member's own history allows neither the cost per request nor the spend, and the extra is
    over half the floor."""
    floor = float(settings.floor_dollars) * 100
    unusual_spend = baseline.bound_with_proof_cents[np.arange(len(priced.cents)), frame.peak_hours_ago]
    extra = priced.cents - priced.usual * priced.requests
    is_own = priced.cost > _own_cost(priced, frame, baseline, floor)
    # A run may be anything from a minute to a day: its cost must be more than a stray one's.
    least = floor / 2 if priced.part == "hand" else floor
    return is_own & (frame.peak.cents > unusual_spend) & (extra > least) & ~_is_known(priced, frame)


def _is_known(priced: Priced, frame: Frame) -> Array:
    """Whether each member, twice before and not lately, spent about as much in a day on requests as
    expensive: busy days of cheap ones excuse none."""
    days = frame.past.history.columns(slice(None, -TOO_NEW_DAYS))
    by_hand, of_agents = (days.hand_cents, days.hand_requests), (days.agent_cents, days.agent_requests)
    costs = ratio(*(by_hand if priced.part == "hand" else of_agents))
    is_as_much = REACHED_MARGIN * days.cents >= frame.peak.cents[:, None]
    is_as_expensive = REACHED_MARGIN * costs >= priced.cost[:, None]
    return (is_as_much & is_as_expensive).sum(axis=1) >= REACHED_TIMES


def _window(frame: Frame, hours_ago: int, part: Literal["hand", "agents"]) -> FindingWindow:
    day = last_24_hours(frame, hours_ago)
    return FindingWindow(day.start_at, day.end_at, "ratio", part=part)


def _own_cost(priced: Priced, frame: Frame, baseline: Baseline, floor_cents: float) -> Array:
    """Cents per request that each member's own history does not allow, days on which half of the money went
    included: more of them under the floor, unless the price of the tokens says that more expensive models
    were used. A rise for all raises the bound."""
    peak, day = frame.peak, (np.arange(len(frame.member_ids)), frame.peak_hours_ago)
    is_plain = (peak.cents > floor_cents) | is_expensive(peak, baseline.bound_price[day])
    is_plain |= has_evidence(baseline, {EvidenceKind.CONTEXT})[day] & (priced.part == "hand")
    z = np.where(is_plain, COST_Z, COST_Z_UNDER_FLOOR)
    own = np.exp(priced.habit.centre + z * priced.habit.reach * noise_of(priced.requests))
    return np.maximum(own, PRICE_MARGIN * priced.main_cost) * priced.lift
