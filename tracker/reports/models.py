"""What each model costs, from the requests that it served itself."""

from collections.abc import Collection
from dataclasses import dataclass

from tracker.reports.usage import ModelUsage, Totals
from tracker.widgets.palette import Palette, PaletteModel

NO_TOTALS = Totals()


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
    whole = usage.total
    average, spent = whole.cents_per_request, float(whole.total_cents)
    costs = []
    for key in dict.fromkeys([*usage.by_model, *also]):
        totals = usage.by_model.get(key, NO_TOTALS)
        rate = totals.cents_per_request
        costs.append(
            ModelCost(
                model=palette.model(key),
                totals=totals,
                members=usage.people.get(key, 0),
                relative=float(rate / average) if rate and average else None,
                spend_share=float(totals.total_cents) / spent if spent else 0.0,
                request_share=totals.requests / whole.requests if whole.requests else 0.0,
            )
        )
    costs.sort(
        key=lambda cost: (cost.totals.cents_per_request is None, -(cost.totals.cents_per_request or 0))
    )
    return costs
