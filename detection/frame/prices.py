"""What a token of each model costs this team: it gives usage without a cost its value."""

from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np
import pandas as pd

from .arrays import Array
from .list_prices import list_cents


@dataclass(frozen=True)
class PriceBook:
    """Cents per weighed token by model: the team's own, else the price list's."""

    own: Mapping[str, float] = field(default_factory=dict)

    def of_model(self, model: str) -> float:
        """Cents per weighed token of `model`."""
        price = self.own.get(model)
        return list_cents(model) if price is None else price

    def estimates(self, rows: pd.DataFrame) -> Array:
        """Cents that the tokens without a cost of each row are worth.

        `rows`: model, and unpriced (weighed tokens without a cost).
        """
        unpriced = rows["unpriced"].to_numpy(float)
        if not unpriced.any():
            return np.zeros(len(rows))
        models = rows["model"].astype("category").cat
        prices = np.array([self.of_model(str(model)) for model in models.categories])
        return unpriced * prices[models.codes.to_numpy()]


NO_PRICES = PriceBook()


def price_book(sums: pd.DataFrame) -> PriceBook:
    """The team's prices. `sums`: model, cents, and weight, the weighed tokens that these paid for."""
    by_model = sums.groupby("model", observed=True)[["cents", "weight"]].sum().astype(float)
    paid = by_model[(by_model["weight"] > 0) & (by_model["cents"] > 0)]
    return PriceBook({str(model): float(price) for model, price in (paid["cents"] / paid["weight"]).items()})


def team_prices(rows: pd.DataFrame) -> PriceBook:
    """The same of totals: model, cents, and paid_weight."""
    paid = rows.loc[rows["cents"] > 0, ["model", "cents", "paid_weight"]]
    return price_book(paid.rename(columns={"paid_weight": "weight"}))
