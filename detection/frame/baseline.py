"""What is usual for each member, on the weekdays and in the team's weather of the moment, and how far a day
may stray."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from detection.models import DetectionSettings

from .frame import Array, Frame, Measures, Past
from .habits import TEAM_MEMBERS, Habit, habit, quantile

# Least spread of the logarithm: with the default sensitivity of 3.25 even the steadiest member may spend 4.8
# times the usual, just under the spike multiplier of 5.
LEAST_SPREAD = 0.48
# Requests of a cost per request that varies as much by itself as between days; with fewer, the day's mean
# is noisier.
NOISY_REQUESTS = 10
WEEKDAY_DAYS = 4
MOST_WEEKDAY_EFFECT = 1.0  # a factor of e either way
# What other rules are confirmed by while this one is switched off.
CONFIRMING_SENSITIVITY = 3.25
# Where something that spend is made of is unusual by itself, spend need not be quite: these shares of the
# sensitivity will do. Busy days have more requests anyway, so those prove less, unless they are far beyond;
# what a request or a token costs says how, and with which models, however busy the day.
WITH_REQUESTS, WITH_PROOF = 0.77, 0.45
# Robust standard deviations (of the logarithm) at which they are: a price strays less than anything else.
COST_Z, PRICE_Z = 3.0, 2.5
# Under the floor the cost per request is all there is to go by, and there are many member-days to err on.
COST_Z_UNDER_FLOOR = 4.0
# A newcomer who spends what somebody in the team spends now and then is no incident.
HEAVY_QUANTILE = 0.99


@dataclass(frozen=True)
class Baseline:
    """Habits of spend (cents), requests and cents per request, and per member and rolling day of the frame:

    `expected_cents` is usual and `bound_cents` is what spend must exceed to be unusual by itself; the other
    two are what will do where there are more requests than usual (over `bound_requests`), and where there is
    better proof: far more of them, their cost, or the price of their tokens (over `bound_price`, cents per
    weighed token). NaN, which nothing exceeds, where there is no history. `heavy_cents` is what the team's
    costliest member-days hold.
    """

    spend: Habit
    requests: Habit
    cost: Habit
    expected_cents: Array
    bound_cents: Array
    bound_with_requests_cents: Array
    bound_with_proof_cents: Array
    bound_requests: Array
    bound_price: Array
    cost_lift: Array
    heavy_cents: float


def learn(frame: Frame, settings: DetectionSettings) -> Baseline:
    """Learn from the frame's history what is usual for each member."""
    # Switched off, the rule raises nothing; the other rules are confirmed as before.
    sensitivity = float(settings.own_baseline_sensitivity) or CONFIRMING_SENSITIVITY
    spend, made, cost, price = frame.past.once(habits)
    expected_factor, bound_factor = _factors(frame, spend)
    expected = np.exp(spend.level[:, None]) * expected_factor
    bound_factor = bound_factor * _lift(frame.rolling.cents, expected)
    return Baseline(
        spend=spend,
        requests=made,
        cost=cost,
        expected_cents=np.nan_to_num(expected),
        bound_cents=_reach(spend, sensitivity) * bound_factor,
        bound_with_requests_cents=_reach(spend, WITH_REQUESTS * sensitivity) * bound_factor,
        bound_with_proof_cents=_reach(spend, WITH_PROOF * sensitivity) * bound_factor,
        bound_requests=_reach(made, sensitivity) * bound_factor,
        bound_price=_price_bound(frame, price),
        cost_lift=_lift(*_ratios(frame.rolling.cents, frame.rolling.requests, cost)),
        heavy_cents=frame.past.once(heavy_cents),
    )


def habits(past: Past) -> tuple[Habit, Habit, Habit, Habit]:
    """Habits of spend, of requests, of cents per request and of cents per weighed token."""
    history = past.history
    noise = noise_of(history.requests)
    return (
        habit(history.cents, least_spread=LEAST_SPREAD),
        habit(history.requests, least_spread=LEAST_SPREAD),
        habit(_ratio(history.cents, history.requests), least_spread=LEAST_SPREAD / 2, noise=noise),
        habit(_ratio(history.cents, history.weight), least_spread=LEAST_SPREAD / 2, noise=noise),
    )


def heavy_cents(past: Past) -> float:
    """What the costliest of the team's days with spend exceed, one in a hundred; 0 of none."""
    spent = past.history.cents[past.history.cents > 0]
    return float(np.quantile(spent, HEAVY_QUANTILE)) if len(spent) else 0.0


def noise_of(requests: Array) -> Array:
    """How many times wider than its usual spread a cost per request strays that comes from so many
    requests."""
    return np.sqrt(1 + NOISY_REQUESTS / np.maximum(requests, 1))


def _ratio(cents: Array, units: Array) -> Array:
    """Cents per unit; 0 where there are no units."""
    return np.divide(cents, units, out=np.zeros_like(cents, dtype=float), where=units > 0)


def is_dear(of: Measures, bound_price: Array) -> Array:
    """Where the price of the tokens is over its bound: dearer models than the member's own."""
    return (of.cents > bound_price * of.weight) & (of.weight > 0)


def _price_bound(frame: Frame, price: Habit) -> Array:
    """What the price of each rolling day's tokens must exceed; a new model or new prices lift everybody's."""
    paid, usual = _ratios(frame.rolling.cents, frame.rolling.weight, price)
    noise = noise_of(frame.rolling.requests)
    with np.errstate(over="ignore"):
        own = np.exp(price.centre[:, None] + PRICE_Z * price.reach[:, None] * noise)
    return own * _lift(paid, usual)


def _ratios(cents: Array, units: Array, of: Habit) -> tuple[Array, Array]:
    """Cents per unit as paid, and as usual (0 where nothing is known), in arrays of one shape."""
    paid = _ratio(cents, units)
    return paid, np.nan_to_num(np.exp(of.level))[:, None] * np.ones_like(paid)


def _reach(of: Habit, sensitivity: float) -> Array:
    with np.errstate(over="ignore"):
        return np.exp(of.centre + sensitivity * of.reach)[:, None]


def _factors(frame: Frame, spend: Habit) -> tuple[Array, Array]:
    """By member and rolling day: what its weekday does to the expectation, and to the bound.

    A rolling day reaches into two weekdays. A usually quiet weekday never lowers the bound: whoever works a
    weekend for once is no incident.
    """
    effects = _weekday_effects(spend.logs - spend.level[:, None], frame)
    ends = _end_weekdays(frame)
    effect, before = effects[:, ends], effects[:, ends - 1]
    return np.exp(effect), np.exp(np.maximum(np.maximum(effect, before), 0))


def _weekday_effects(residuals: Array, frame: Frame) -> Array:
    """Per member and weekday (Monday first): how the logarithm of that day's spend differs, drawn to the
    team's."""
    weekdays = frame.weekdays[: residuals.shape[1]]
    effects = np.zeros((len(residuals), 7))
    for weekday in range(7):
        chosen = residuals[:, weekdays == weekday]
        seen = np.isfinite(chosen).sum(axis=1)
        pool = chosen[np.isfinite(chosen)]
        team = np.median(pool) * len(pool) / (len(pool) + WEEKDAY_DAYS) if len(pool) else 0.0
        own = np.nan_to_num(quantile(chosen, 0.5))
        effects[:, weekday] = (seen * own + WEEKDAY_DAYS * team) / (seen + WEEKDAY_DAYS)
    return np.clip(effects, -MOST_WEEKDAY_EFFECT, MOST_WEEKDAY_EFFECT)


def _end_weekdays(frame: Frame) -> Array:
    """Weekday on which each rolling day ended; one that ends at midnight belongs to the day before."""
    hours = np.arange(frame.rolling.cents.shape[1])
    seconds = frame.as_of.hour * 3600 + frame.as_of.minute * 60 + frame.as_of.second - 1
    return (frame.day.weekday() + (seconds - hours * 3600) // 86400) % 7


def _lift(seen: Array, expected: Array) -> Array:
    """How many times the usual the median active member has in each rolling day, at least once."""
    comparable = (seen > 0) & (expected > 0)
    ratios = np.full(seen.shape, np.nan)
    np.divide(seen, expected, out=ratios, where=comparable)
    enough = comparable.sum(axis=0) >= TEAM_MEMBERS
    return np.where(enough, np.fmax(quantile(ratios.T, 0.5), 1.0), 1.0)
