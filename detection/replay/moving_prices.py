"""Changes of prices as a replay comes upon them."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date

import numpy as np
import pandas as pd

from collector.base.days import day_start
from detection.frame.arrays import Array
from detection.frame.frame import MEASURES
from detection.frame.price_changes import DAYS_BEFORE, DAYS_SINCE, PriceChanges, moved_models, price_changes

EPOCH = date(1970, 1, 1)
PAID_WEIGHT = len(MEASURES) + 2
FIGURES = {"cents": 0, "requests": MEASURES.index("requests"), "weight": PAID_WEIGHT}


class MovingPrices:
    """Keeps what was shown, by member, model and day; `look` says whether prices have changed."""

    def __init__(self, models: Sequence[str] = ()) -> None:
        self._models = models
        self._parts: list[pd.DataFrame] = []
        self._seen: date | None = None
        self.changes: PriceChanges = ()

    def add(self, row: Array, day: Array, model: Array, values: Array) -> None:
        """Show rows: the member's place, the day since 1970, the model's place, and their figures."""
        paid = values[:, PAID_WEIGHT] > 0
        if paid.any():
            figures = {name: values[paid, place] for name, place in FIGURES.items()}
            places = {"member_id": row[paid], "place": model[paid], "number": day[paid]}
            self._parts.append(pd.DataFrame(places | figures))

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
        moved = moved_models(days.groupby(["model", "ago"], as_index=False)[["cents", "weight"]].sum())
        found = price_changes(days[days["model"].isin(moved)], today) if moved else ()
        known = {(change.model, change.day): change for change in self.changes}
        is_new = set(known) != {(change.model, change.day) for change in found}
        # The ratio is settled by the first look: every look after it would have it a little otherwise.
        self.changes = tuple(known.get((change.model, change.day), change) for change in found)
        return is_new

    def _days(self, today: date) -> pd.DataFrame | None:
        if not self._parts:
            return None
        first = (today - EPOCH).days - DAYS_BEFORE - DAYS_SINCE
        merged = pd.concat(self._parts, ignore_index=True)
        table = (
            merged[merged["number"] >= first].groupby(["member_id", "place", "number"], as_index=False).sum()
        )
        self._parts = [table]
        names = np.array(self._models, dtype=object)
        last = (today - EPOCH).days
        return table.assign(model=names[table["place"].to_numpy(int)], ago=last - table["number"])
