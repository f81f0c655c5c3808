"""Short lists of models: the largest spend, the most and the least expensive requests."""

from dataclasses import dataclass

from tracker.reports.insights import Insights
from tracker.reports.models import ModelCost
from tracker.widgets import formats

RANKED = 5


@dataclass(frozen=True)
class Ranking:
    """A short list of models by one figure; `top` is what its bars are measured by: lists of one figure
    have one scale."""

    title: str
    rows: list[
        tuple[ModelCost, str, float, str]
    ]  # with the figure, as shown and as a bar takes it, and a link
    top: float


def rankings(report: Insights) -> list[Ranking]:
    """Largest spend, cheapest and most expensive requests; small models are ranked too."""
    costs = report.model_costs

    def row(cost: ModelCost, figure: str, value: float) -> tuple[ModelCost, str, float, str]:
        return cost, figure, value, report.filters.query(model=cost.model.key)

    by_spend = sorted(costs, key=lambda cost: -spend(cost))[:RANKED]
    rated = [cost for cost in costs if cost.totals.cents_per_request is not None]
    expensive = sorted(rated, key=lambda cost: -rate(cost))
    rated_rows = [row(c, formats.rate(rate(c)), rate(c)) for c in expensive]
    top_spend, top_rate = max(map(spend, costs), default=0.0), max(map(rate, rated), default=0.0)
    return [
        Ranking("Largest spend", [row(c, formats.money(spend(c)), spend(c)) for c in by_spend], top_spend),
        Ranking("Most expensive requests", rated_rows[:RANKED], top_rate),
        Ranking("Cheapest requests", rated_rows[::-1][:RANKED], top_rate),
    ]


def spend(cost: ModelCost) -> float:
    return float(cost.totals.total_cents)


def rate(cost: ModelCost) -> float:
    return float(cost.totals.cents_per_request or 0)
