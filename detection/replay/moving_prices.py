"""Changes of prices as a replay comes upon them."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from typing import NamedTuple

import numpy as np
import pandas as pd

from collector.base.days import day_start
from detection.frame.arrays import Array
from detection.frame.frame import MEASURES
from detection.frame.price_changes import DAYS_BEFORE, DAYS_SINCE, PriceChanges, moved_models, price_changes

EPOCH = date(1970, 1, 1)
PAID = ("charged", "billed", "paid_weight")
PAID_WEIGHT = len(MEASURES) + PAID.index("paid_weight")
# So many rows at once are summed up at once: months of them come at the start.
MANY_ROWS = 10_000
FIGURES = {"cents": 0, "requests": MEASURES.index("requests"), "weight": PAID_WEIGHT}


class ShownRows(NamedTuple):
    """Rows of a history: the member's place, the hour, the model's place, and `MEASURES` and `PAID`."""

    member: Array
    hour: Array
    model: Array
    values: Array


class MovingPrices:
    """Keeps what was shown, by member, model and day; `look` says whether prices have changed."""

    def __init__(self, models: Sequence[str] = ()) -> None:
        self._models = models
        self._parts: list[pd.DataFrame] = []
        self._seen: date | None = None
        self.changes: PriceChanges = ()

    def add(self, shown: ShownRows) -> None:
        """Take note of rows as they become known."""
        paid = shown.values[:, PAID_WEIGHT] > 0
        if paid.any():
            figures = {name: shown.values[paid, place] for name, place in FIGURES.items()}
            places = {"member_id": shown.member, "place": shown.model, "number": shown.hour // 24}
            small = {name: column[paid].astype(np.int32) for name, column in places.items()}
            self._parts.append(pd.DataFrame(small | figures))
        if len(paid) > MANY_ROWS:
            self._sum_up(0)

    def kept_share(self, model: Array, hour: Array) -> Array:
        """What share of each row's cents it would have cost before any change."""
        kept = np.ones(len(model))
        for change in self.changes:
            since = int(day_start(change.day).timestamp()) // 3600
            is_meant = (model == self._models.index(change.model)) & (hour >= since)
            kept[is_meant] /= change.ratio
        return kept

    def look(self, today: date) -> bool:
        """Look for changes once a day; True if there are others than before."""
        if self._seen == today:
            return False
        self._seen = today
        days = self._days(today)
        if days is None:
            return False
        team = days.groupby(["place", "ago"], as_index=False)[["cents", "weight"]].sum()
        moved = moved_models(self._named(team))
        places = [self._models.index(model) for model in moved]
        found = price_changes(self._named(days[days["place"].isin(places)]), today) if moved else ()
        known = {(change.model, change.day): change for change in self.changes}
        is_new = set(known) != {(change.model, change.day) for change in found}
        # The ratio is settled by the first look: every look after it would have it a little otherwise.
        self.changes = tuple(known.get((change.model, change.day), change) for change in found)
        return is_new

    def _days(self, today: date) -> pd.DataFrame | None:
        if not self._parts:
            return None
        first = (today - EPOCH).days - DAYS_BEFORE - DAYS_SINCE
        table = self._sum_up(first)
        return table.assign(ago=(today - EPOCH).days - table["number"].astype(int))

    def _sum_up(self, first: int) -> pd.DataFrame:
        """What was shown of the days from `first` on, a row for each member, model and day."""
        merged = pd.concat([part[part["number"] >= first] for part in self._parts], ignore_index=True)
        table = merged.groupby(["member_id", "place", "number"], as_index=False).sum()
        self._parts = [table]
        return table

    def _named(self, table: pd.DataFrame) -> pd.DataFrame:
        return table.assign(model=np.array(self._models, dtype=object)[table["place"].to_numpy(int)])
