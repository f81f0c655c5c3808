"""What is usual for each member: their habits, their weekdays, and what the whole team does at the moment."""

from typing import NamedTuple

import numpy as np

from .arrays import Array
from .frame import Frame, Past
from .habits import TEAM_MEMBERS, Habit, habit, quantile

# Least spread of the logarithm: with the default sensitivity of 4 even the steadiest member may spend 4.8
# times the usual, just under the spike multiplier of 5.
LEAST_SPREAD = 0.39
# Requests of a cost per request that varies as much by itself as between days; with fewer, the day's mean
# is noisier.
NOISY_REQUESTS = 10
WEEKDAY_DAYS = 4
MOST_WEEKDAY_EFFECT = 1.0  # a factor of e either way
# A newcomer who spends what others in the team spend now and then is not an incident.
HEAVY_QUANTILE = 0.99
HEAVY_MEMBER_DAYS = 100

# Robust standard deviations (of the logarithm) at which the price of a token is unusual.
PRICE_Z = 3.0
# Nor is a price, or a cost per request, that most of the money went at, or a little more, which is what mixes
# of tokens do to it.
MAIN_SHARE, PRICE_MARGIN = 0.5, 1.25
# Nor is one that a quarter of the team pays, whoever else joins them on their models.
TEAM_SHARE = 0.75
# Nor is a day such as the member had so often before, or a little more. The newest days of the history do not
# count: an excess that goes on does not excuse itself within the week.
REACHED_TIMES, REACHED_MARGIN, TOO_NEW_DAYS = 2, 1.25, 5


class Expectation(NamedTuple):
    """What is usual in each rolling day, whatever the settings: its cents, what all bounds are multiplied by,
    the bound of what a token costs, and how many times the usual a request costs everybody."""

    cents: Array
    factor: Array
    bound_price: Array
    cost_lift: Array


def expectation(frame: Frame) -> Expectation:
    usual = frame.past.once(habits)
    expected_factor, bound_factor = factors(frame)
    expected = np.exp(usual.spend.level[:, None]) * expected_factor
    cost_lift = lift(*ratios(frame.rolling.hand_cents, frame.rolling.hand_requests, usual.cost))
    return Expectation(
        cents=np.nan_to_num(expected),
        factor=bound_factor * lift(frame.rolling.cents, expected),
        bound_price=_price_bound(frame, usual.price),
        cost_lift=np.broadcast_to(cost_lift, expected.shape),
    )


def _price_bound(frame: Frame, price: Habit) -> Array:
    """What the price of each rolling day's tokens must exceed; a new model or new prices raise it for all."""
    paid, usual = ratios(frame.rolling.cents, frame.rolling.weight, price)
    noise = noise_of(frame.rolling.requests)
    with np.errstate(over="ignore"):
        own = np.exp(price.centre[:, None] + PRICE_Z * price.reach[:, None] * noise)
    main = np.maximum(frame.past.once(main_price), frame.past.once(team_price))
    return np.maximum(own, PRICE_MARGIN * main[:, None]) * lift(paid, usual)


def main_price(past: Past) -> Array:
    """Cents per weighed token up to which half of each member's money went."""
    return _main_ratio(past.history.cents, past.history.weight)


def main_costs(past: Past) -> tuple[Array, Array]:
    """The same of cents per request: by hand, and of agents."""
    history = past.history
    by_hand = _main_ratio(history.hand_cents, history.hand_requests)
    return by_hand, _main_ratio(history.agent_cents, history.agent_requests)


def team_cost(past: Past) -> float:
    """Cents per request by hand at which, or over which, a quarter of the team spends most of its money; 0
    where there is no team."""
    return _team_ratio(past.once(main_costs)[0])


def team_price(past: Past) -> float:
    """The same of cents per weighed token."""
    return _team_ratio(past.once(main_price))


def _team_ratio(by_member: Array) -> float:
    known = by_member[by_member > 0]
    return float(np.quantile(known, TEAM_SHARE)) if len(known) >= TEAM_MEMBERS else 0.0


def _main_ratio(cents: Array, units: Array) -> Array:
    """Cents per unit up to which half of each row's money went: the days at that price may be few. A day
    whose credits outweigh its usage went at no price."""
    cents = np.maximum(cents, 0)
    price = ratio(cents, units)
    if not cents.shape[1]:
        return np.zeros(len(cents))
    order = np.argsort(price, axis=1)
    spent = np.cumsum(np.take_along_axis(cents, order, axis=1), axis=1)
    middle = (spent < MAIN_SHARE * spent[:, -1:]).sum(axis=1, keepdims=True)
    return np.take_along_axis(price, np.take_along_axis(order, middle, axis=1), axis=1)[:, 0]


class MemberHabits(NamedTuple):
    """Habits of spend (cents), of requests, of cents per request by hand, of cents per weighed token, of
    cents per request of agents, and of weighed tokens per request."""

    spend: Habit
    requests: Habit
    cost: Habit
    price: Habit
    agent_cost: Habit
    context: Habit


def habits(past: Past) -> MemberHabits:
    history = past.history

    def of_ratio(units: Array, per: Array, requests: Array) -> Habit:
        return habit(ratio(units, per), least_spread=LEAST_SPREAD / 2, noise=noise_of(requests))

    return MemberHabits(
        spend=habit(history.cents, least_spread=LEAST_SPREAD),
        requests=habit(history.requests, least_spread=LEAST_SPREAD),
        cost=of_ratio(history.hand_cents, history.hand_requests, history.hand_requests),
        price=of_ratio(history.cents, history.weight, history.requests),
        agent_cost=of_ratio(history.agent_cents, history.agent_requests, history.agent_requests),
        context=of_ratio(history.weight, history.requests, history.requests),
    )


def heavy_cents(past: Past) -> float:
    """What one in a hundred of the team's days with spend exceeds; infinite while there are fewer of them.

    In a small team a newcomer is judged by all that there is.
    """
    spent = past.history.cents[past.history.cents > 0]
    if len(past.history.cents) >= TEAM_MEMBERS and len(spent) < HEAVY_MEMBER_DAYS:
        return float("inf")
    return float(np.quantile(spent, HEAVY_QUANTILE)) if len(spent) else 0.0


def reached_cents(past: Past) -> Array:
    """What each member spent on a day more than once, and a margin; 0 without two such days."""
    days = past.history.cents
    days = days[:, : max(days.shape[1] - TOO_NEW_DAYS, 0)]
    if days.shape[1] < REACHED_TIMES:
        return np.zeros(len(days))
    return REACHED_MARGIN * np.sort(days, axis=1)[:, -REACHED_TIMES]


def noise_of(requests: Array) -> Array:
    """How many times wider than its usual spread a cost per request strays that comes from so many
    requests."""
    return np.sqrt(1 + NOISY_REQUESTS / np.maximum(requests, 1))


def ratio(cents: Array, units: Array) -> Array:
    """Cents per unit; 0 where there are no units."""
    return np.divide(cents, units, out=np.zeros_like(cents, dtype=float), where=units > 0)


def ratios(cents: Array, units: Array, usual: Habit) -> tuple[Array, Array]:
    """Cents per unit as paid, and as usual (0 where nothing is known), in arrays of one shape."""
    paid = ratio(cents, units)
    return paid, np.nan_to_num(np.exp(usual.level))[:, None] * np.ones_like(paid)


def factors(frame: Frame) -> tuple[Array, Array]:
    """By member and rolling day: what its weekday does to the expectation, and to the bound.

    A rolling day reaches into two weekdays. A usually quiet weekday never lowers the bound: whoever works a
    weekend once is not an incident.
    """
    effects = frame.past.once(_weekday_effects, frame.day.weekday())
    ends = _end_weekdays(frame)
    effect, before = effects[:, ends], effects[:, ends - 1]
    return np.exp(effect), np.exp(np.maximum(np.maximum(effect, before), 0))


def _weekday_effects(past: Past, today: int) -> Array:
    """Per member and weekday (Monday first): how the logarithm of that day's spend differs, drawn to the
    team's. `today` is the weekday of the day after the last."""
    spend = past.once(habits).spend
    residuals = spend.logs - spend.level[:, None]
    days = past.days.cents.shape[1]
    weekdays = (today - np.arange(days, 0, -1))[: residuals.shape[1]] % 7
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
    # Hour 0 of 1970 was on a Thursday.
    last = int(frame.last_hour_ends_at.timestamp()) // 3600 - 1
    return ((last - hours) // 24 + 3) % 7


def lift(seen: Array, expected: Array) -> Array:
    """How many times their usual the median active member reaches in each rolling day; at least 1."""
    comparable = (seen > 0) & (expected > 0)
    against = np.full(seen.shape, np.nan)
    np.divide(seen, expected, out=against, where=comparable)
    enough = comparable.sum(axis=0) >= TEAM_MEMBERS
    return np.where(enough, np.fmax(quantile(against.T, 0.5), 1.0), 1.0)
