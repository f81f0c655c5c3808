"""What each model costs, from the requests that it served itself."""

from collections.abc import Collection
from dataclasses import dataclass
from decimal import Decimal

from tracker.reports.usage import ModelUsage, Totals
from tracker.widgets.palette import Palette, PaletteModel


@dataclass(frozen=True)
class ModelCost:
    model: PaletteModel
    totals: Totals
    members: int  # people who had at least one served request: no service account, no unattributed spend
    relative: float | None  # cost per request over that of all models together
    spend_share: float
    request_share: float


def model_costs(usage: ModelUsage, palette: Palette, also: Collection[str] = ()) -> list[ModelCost]:
    """Every model in `usage`, the most expensive request first; models that served none come last, `also`
    those that were used before."""
    everything = usage.total
    average = everything.cents_per_request
    rows = [
        ModelCost(
            model=palette.model(key),
            totals=totals,
            members=usage.people.get(key, 0),
            relative=float(totals.cents_per_request / average)
            if totals.cents_per_request and average
            else None,
            spend_share=share(totals.total_cents, everything.total_cents),
            request_share=share(totals.requests, everything.requests),
        )
        for key in dict.fromkeys([*usage.by_model, *also])
        for totals in [usage.by_model.get(key) or Totals()]
    ]
    return sorted(
        rows, key=lambda row: (row.totals.cents_per_request is None, -(row.totals.cents_per_request or 0))
    )


def share(part: Decimal | float, whole: Decimal | float) -> float:
    """A ratio of 0 to 1; 0 of nothing."""
    return float(part) / float(whole) if whole else 0.0
