"""Prices that move under people: a model's price per weighed token that changed for all who use it."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import NamedTuple

import numpy as np
import pandas as pd

from detection.models.price_timeline import LEAST_MEMBERS

from .arrays import Array
from .habits import quantile

# A change this small is within what token mixes do to the price of a weighed token.
LEAST_RATIO = 1.25
# Requests that make a price of a member's day.
LEAST_REQUESTS = 3
DAYS_BEFORE, DAYS_SINCE = 21, 14
# Share of the member-days that must lie on their side of the middle between the two prices.
CLEAR_SHARE = 0.85
MANY_MEMBER_DAYS = 4
# Standard errors that the shift must exceed: of many possible days, the clearest is chosen. Before the days
# show how much they vary, they are taken to by this much (logarithm), as if so many had been seen.
LEAST_ERRORS, USUAL_SPREAD, SPREAD_DAYS = 3.5, 0.1, 4
# Days for which a change is news.
DAYS_SHOWN = 7
EPOCH = date(1970, 1, 1)
FIGURES = ("cents", "requests", "weight")


@dataclass(frozen=True)
class PriceChange:
    """`model` costs `ratio` times as much per token since `day`; what `members` members use of it in a week
    costs `weekly_cents` more (less, where negative). A move: as much as what they used before."""

    model: str
    day: date
    ratio: float
    weekly_cents: float
    members: int
    is_move: bool = False


PriceChanges = tuple[PriceChange, ...]


class PaidRows(NamedTuple):
    """What was paid for, as columns: a number for the member and the model, and the day since 1970."""

    member: Array
    model: Array
    day: Array
    cents: Array
    requests: Array
    weight: Array

    def chosen(self, rows: Array) -> PaidRows:
        return PaidRows(*(column[rows] for column in self))

    def by_model(self, names: Sequence[str], today: int) -> pd.DataFrame:
        """A row for each model and day, as `moved_models` reads them."""
        width = DAYS_BEFORE + DAYS_SINCE + 1
        place = self.model.astype(np.int64) * width + (today - self.day)
        filled = np.flatnonzero(np.bincount(place))
        figures = {name: np.bincount(place, weights=getattr(self, name))[filled] for name in FIGURES}
        return pd.DataFrame({"model": _named(names, filled // width), "ago": filled % width} | figures)

    def by_member(self, names: Sequence[str], models: Sequence[str], today: int) -> pd.DataFrame:
        """A row for each member, model of these and day, as `price_changes` reads them."""
        chosen = self.chosen(np.isin(self.model, [names.index(model) for model in models])).by_day(today)
        places = {"member_id": chosen.member, "model": _named(names, chosen.model), "ago": today - chosen.day}
        return pd.DataFrame(places | {name: getattr(chosen, name) for name in FIGURES})

    def by_day(self, today: int) -> PaidRows:
        """One row for each member, model and day."""
        models, days = int(self.model.max(initial=0)) + 1, today + 1
        key = (self.member.astype(np.int64) * models + self.model) * days + self.day
        if (np.diff(key) > 0).all():
            return self  # they are already
        keys, place = np.unique(key, return_inverse=True)
        figures = (np.bincount(place, getattr(self, name), len(keys)) for name in FIGURES)
        return PaidRows(keys // days // models, keys // days % models, keys % days, *figures)


def _named(names: Sequence[str], places: Array) -> Array:
    return np.array(names, dtype=object)[places]


def moved_models(days: pd.DataFrame) -> list[str]:
    """Models whose price moved for the team as a whole: worth a look member by member.

    `days`: model, ago (days before the last one), cents, weight.
    """
    paid = days[(days["cents"] > 0) & (days["weight"] > 0)]
    price = np.log(paid["cents"].to_numpy(float) / paid["weight"].to_numpy(float))
    ago = paid["ago"].to_numpy(int)
    models = paid["model"].to_numpy(object)
    return [model for model in sorted(set(models)) if _moved(ago[models == model], price[models == model])]


def _moved(ago: Array, price: Array) -> bool:
    splits = np.unique(ago[ago < min(DAYS_SINCE, ago.max())])[:, None]
    new, old = (quantile(np.where(side, price, np.nan), 0.5) for side in (ago <= splits, ago > splits))
    return bool(np.max(np.abs(new - old), initial=0.0) >= 0.8 * np.log(LEAST_RATIO))


def price_changes(days: pd.DataFrame, last: date) -> PriceChanges:
    """Changes that still show on `last`, the costliest first.

    `days`: one row per member, model and day: member_id, model, ago (days before `last`), cents, weight,
    requests; only usage that was charged.
    """
    enough = days[(days["requests"] >= LEAST_REQUESTS) & (days["cents"] > 0) & (days["weight"] > 0)]
    by_model = (_change_of(str(model), rows, last) for model, rows in enough.groupby("model"))
    return tuple(sorted(filter(None, by_model), key=lambda change: -abs(change.weekly_cents)))


def _change_of(model: str, rows: pd.DataFrame, last: date) -> PriceChange | None:
    """The clearest change of one model within the last days, None without one."""
    if rows["member_id"].nunique() < LEAST_MEMBERS or len(rows) < MANY_MEMBER_DAYS:
        return None
    ago = rows["ago"].to_numpy(int)
    price = np.log(rows["cents"].to_numpy(float) / rows["weight"].to_numpy(float))
    members = rows["member_id"].to_numpy()
    best = max(_steps(ago, price, members), key=lambda step: step[1], default=None)
    if best is None:
        return None
    since, _, shift = best
    ratio = float(np.exp(shift))
    recent = ago <= since
    days_since = min(since + 1, 7)
    spent = rows["cents"].to_numpy(float)[ago < days_since].sum()
    return PriceChange(
        model=model,
        day=last - timedelta(days=int(since)),
        ratio=ratio,
        weekly_cents=float(spent * 7 / days_since * (1 - 1 / ratio)),
        members=len(set(members[recent])),
    )


def _steps(ago: Array, price: Array, members: Array) -> Iterable[tuple[int, float, float]]:
    """Possible changes: how many days ago each began, how clear it is, and the shift of the logarithm."""
    _, whose = np.unique(members, return_inverse=True)
    for since in sorted(set(ago[ago < DAYS_SINCE])):
        after, before = ago <= since, (ago > since) & (ago <= since + DAYS_BEFORE)
        is_both = np.zeros(whose.max() + 1, dtype=bool)
        is_both[whose[after]] = True
        is_before = np.zeros_like(is_both)
        is_before[whose[before]] = True
        is_both &= is_before
        if is_both.sum() < LEAST_MEMBERS:
            continue
        own = is_both[whose]
        new, old = price[after & own], price[before & own]
        shift = float(np.median(new) - np.median(old))
        if abs(shift) < np.log(LEAST_RATIO):
            continue
        error = _error(price, whose * 2 + after, own & (after | before), new, old)
        middle, sign = (np.median(new) + np.median(old)) / 2, np.sign(shift)
        clear = min(np.mean(sign * (new - middle) > 0), np.mean(sign * (middle - old) > 0))
        if abs(shift) < LEAST_ERRORS * error or clear < CLEAR_SHARE:
            continue
        if _is_every_members(price, members, set(members[own]), after, before, shift):
            yield int(since), float(clear * abs(shift) - 0.001 * since), shift


def _error(price: Array, group: Array, own: Array, new: Array, old: Array) -> float:
    """The standard error of the shift, by how much prices vary within each `group`, a member's days of one
    side."""
    _, place, days = np.unique(group[own], return_inverse=True, return_counts=True)
    means = np.bincount(place, weights=price[own]) / days
    squares = ((price[own] - means[place]) ** 2).sum() + SPREAD_DAYS * USUAL_SPREAD**2
    variance = squares / (own.sum() - len(days) + SPREAD_DAYS)
    return float(np.sqrt(variance * (1 / len(new) + 1 / len(old))))


def _is_every_members(
    price: Array, members: Array, both: set[int], after: Array, before: Array, shift: float
) -> bool:
    """Whether each member's own price moved the same way, by at least half as much."""
    moved = [
        np.median(price[after & (members == member)]) - np.median(price[before & (members == member)])
        for member in both
    ]
    share = np.mean(np.array(moved) / shift > 0.5)
    return bool(share >= CLEAR_SHARE)
