"""Short lists of models: the largest spend, the most and the least expensive requests."""

from collections.abc import Callable
from dataclasses import dataclass

from tracker.reports.insights import Insights
from tracker.reports.models import ModelCost
from tracker.widgets import formats

RANKED = 5
Figure = Callable[[ModelCost], float]
Words = Callable[[float], str]


@dataclass(frozen=True)
class Ranking:
    """A short list of models by one figure; `top` is what its bars are measured by: lists of one figure
    have one scale."""

    title: str
    # With the figure, as shown and as a bar takes it, and a link.
    rows: list[tuple[ModelCost, str, float, str]]
    top: float


def rankings(report: Insights) -> list[Ranking]:
    """Largest spend, cheapest and most expensive requests; small models are ranked too."""
    costs = report.team.model_costs

    def ranking(title: str, ordered: list[ModelCost], figure: Figure, shown: Words) -> Ranking:
        rows = [
            (cost, shown(figure(cost)), figure(cost), report.filters.query(model=cost.model.key))
            for cost in ordered[:RANKED]
        ]
        return Ranking(title, rows, max(map(figure, ordered), default=0.0))

    rated = [cost for cost in costs if cost.totals.cents_per_request is not None]
    expensive = sorted(rated, key=rate, reverse=True)
    return [
        ranking("Largest spend", sorted(costs, key=spend, reverse=True), spend, formats.money),
        ranking("Most expensive requests", expensive, rate, formats.rate),
        ranking("Cheapest requests", expensive[::-1], rate, formats.rate),
    ]


def spend(cost: ModelCost) -> float:
    return float(cost.totals.total_cents)


def rate(cost: ModelCost) -> float:
    return float(cost.totals.cents_per_request or 0)
