"""What each model costs, from the requests that it served itself."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from tracker.palette import Model, Palette
from tracker.reports.usage import Part, Totals, group_by, total


@dataclass(frozen=True)
class ModelCost:
    model: Model
    totals: Totals
    members: int  # who had at least one served request
    relative: float | None  # cost per request over that of all models together
    spend_share: float
    request_share: float


def model_costs(parts: Iterable[Part], palette: Palette) -> list[ModelCost]:
    """Every model in `parts`, the dearest request first; models that served none come last."""
    parts = list(parts)
    everything = total(parts)
    average = everything.cents_per_request
    users: dict[str, set[int]] = {}
    for part in parts:
        if part.requests:
            users.setdefault(part.model, set()).add(part.member_id)
    found = [
        ModelCost(
            model=palette.model(key),
            totals=totals,
            members=len(users.get(key, ())),
            relative=float(totals.cents_per_request / average)
            if totals.cents_per_request and average
            else None,
            spend_share=share(totals.total_cents, everything.total_cents),
            request_share=share(totals.requests, everything.requests),
        )
        for key, totals in group_by(parts, lambda part: part.model).items()
    ]
    return sorted(
        found, key=lambda row: (row.totals.cents_per_request is None, -(row.totals.cents_per_request or 0))
    )


def share(part: object, whole: object) -> float:
    """A ratio of 0 to 1; 0 of nothing."""
    return float(part) / float(whole) if whole else 0.0  # type: ignore[arg-type]
