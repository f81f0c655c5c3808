"""Changes of prices as a replay comes upon them."""

from collections.abc import Sequence
from datetime import date, datetime, timedelta
from typing import NamedTuple

import numpy as np
import pandas as pd

from collector.base.days import day_start, utc_day
from detection.frame.arrays import Array
from detection.frame.frame import MEASURES
from detection.frame.model_moves import move_to, new_models
from detection.frame.price_changes import (
    DAYS_BEFORE,
    DAYS_SINCE,
    EPOCH,
    PaidRows,
    PriceChanges,
    moved_models,
    price_changes,
)

PAID = ("charged", "billed", "paid_weight")
PAID_WEIGHT = len(MEASURES) + PAID.index("paid_weight")
FIGURES = {"cents": 0, "requests": MEASURES.index("requests"), "weight": PAID_WEIGHT}


class ShownRows(NamedTuple):
    """Rows of a history: the member's place, the hour, the model's place, and `MEASURES` and `PAID`."""

    member: Array
    hour: Array
    model: Array
    values: Array


class MovingPrices:
    """Keeps what was shown, by member, model and day; `look` says whether prices have changed."""

    def __init__(self, models: Sequence[str], first_day: int, day_count: int) -> None:
        """Days are counted from 1970."""
        self._models = models
        self._first_day = first_day
        self._parts: list[PaidRows] = []
        self._team = np.zeros((2, len(models), day_count))  # cents, and the weight that they paid for
        self._seen: date | None = None
        self.changes: PriceChanges = ()

    def add(self, shown: ShownRows) -> None:
        """Take note of rows as they become known."""
        paid = shown.values[:, PAID_WEIGHT] > 0
        if not paid.any():
            return
        day = shown.hour[paid] // 24
        figures = {name: shown.values[paid, place] for name, place in FIGURES.items()}
        self._parts.append(PaidRows(shown.member[paid], shown.model[paid], day, *figures.values()))
        places = shown.model[paid] * self._team.shape[2] + day - self._first_day
        for sums, name in zip(self._team, ("cents", "weight"), strict=True):
            np.add.at(sums.reshape(-1), places, figures[name])

    def kept_share(self, model: Array, hour: Array) -> Array:
        """What share of each row's cents it would have cost before any change."""
        share = np.ones(len(model))
        for change in self.changes:
            since = int(day_start(change.day).timestamp()) // 3600
            is_meant = (model == self._models.index(change.model)) & (hour >= since)
            share[is_meant] /= change.ratio
        return share

    def look(self, as_of: datetime) -> bool:
        """Look for changes once a day, in the days that are over, and for a move to a model on its first day;
        True if there are others than before."""
        today = utc_day(as_of - timedelta(hours=1))
        is_new_day, self._seen = self._seen != utc_day(as_of), utc_day(as_of)
        number = (today - EPOCH).days
        first = number - DAYS_BEFORE - DAYS_SINCE
        last_day = utc_day(as_of) - timedelta(days=1)
        changes = self._price_changes(first, last_day) if is_new_day else self.changes
        moved = {change.model for change in changes if change.is_move}
        begin = max(first - self._first_day, 0)
        for model, ago in new_models(self._team[0, :, begin : number + 1 - self._first_day]):
            if self._models[model] not in moved and (is_new_day or ago == 0):
                rows = self._paid_since(first)
                move = move_to(rows, self._models, model, today - timedelta(days=ago), today)
                changes = (*changes, move) if move else changes
        dated = {(change.model, change.day): change for change in self.changes}
        is_new = set(dated) != {(change.model, change.day) for change in changes}
        # The ratio is settled by the first look: every look after it would have it a little otherwise.
        self.changes = tuple(dated.get((change.model, change.day), change) for change in changes)
        return is_new

    def _price_changes(self, first: int, last: date) -> PriceChanges:
        number = (last - EPOCH).days
        moved = moved_models(self._team_days(first, number))
        return price_changes(self._member_days(moved, first, number), last) if moved else ()

    def _paid_since(self, first: int) -> PaidRows:
        rows = PaidRows(*map(np.concatenate, zip(*self._parts, strict=True)))
        self._parts = [rows.chosen(rows.day >= first)]
        return self._parts[0]

    def _team_days(self, first: int, last: int) -> pd.DataFrame:
        """What was shown of the days from `first` to `last`, a row for each model and day."""
        begin = max(first - self._first_day, 0)
        cents, weight = self._team[:, :, begin : last + 1 - self._first_day]
        place, day = np.nonzero(weight)
        ago = last - self._first_day - begin - day
        figures = {"cents": cents[place, day], "weight": weight[place, day]}
        return pd.DataFrame({"model": self._named(place), "ago": ago} | figures)

    def _member_days(self, models: Sequence[str], first: int, last: int) -> pd.DataFrame:
        """The same for some models, by member."""
        self._parts = [self._paid_since(first).by_day(last + 1)]
        rows = self._parts[0]
        return rows.chosen(rows.day <= last).by_member(self._models, models, last)

    def _named(self, places: Array) -> Array:
        return np.array(self._models, dtype=object)[places]
