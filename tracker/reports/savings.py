"""What the same requests would have cost on a cheaper model that the team uses: an estimated range."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from tracker.badges import MIN_REQUESTS, percentile
from tracker.palette import Model, Palette
from tracker.reports.usage import Part, Totals, group_by

# A model is offered as the cheaper one only if it serves this share of the team's requests or more.
TRUSTED_SHARE = 0.05
# The dear model's request costs this many times the cheaper one's, or more.
DEAR_RATIO = 2
# Less than this is not worth a line.
MIN_SAVING_CENTS = 100


@dataclass(frozen=True)
class Rate:
    """Cents per request of one model: of the whole team, and the middle half of its members."""

    model: str
    cents: float
    low: float
    high: float
    requests: int


@dataclass(frozen=True)
class Saving:
    """One member's requests of one dear model, at the rates of a cheaper one. All in cents."""

    member_id: int
    model: Model
    instead: Model
    requests: int
    spent: float
    low: float  # saved, were the requests like the dearer ones of the cheaper model
    high: float  # saved, were they like its cheaper ones

    @property
    def middle(self) -> float:
        return (self.low + self.high) / 2


def savings(chosen: Iterable[Part], everybody: Sequence[Part], palette: Palette) -> list[Saving]:
    """Savings of the `chosen` parts at the rates of `everybody`, the largest first."""
    rates = model_rates(everybody)
    found = [
        saving
        for part in chosen
        if (cheaper := alternative(part.model, rates)) and (saving := _saving(part, cheaper, palette))
    ]
    return sorted(found, key=lambda each: -each.middle)


def model_rates(parts: Sequence[Part]) -> dict[str, Rate]:
    """Rates by model, of models with a request. The range is that of members with MIN_REQUESTS or more."""
    return {
        model: _rate(model, totals, parts) for model, totals in _by_model(parts).items() if totals.requests
    }


def _by_model(parts: Iterable[Part]) -> dict[str, Totals]:
    return group_by(parts, lambda part: part.model)


def _rate(model: str, totals: Totals, parts: Iterable[Part]) -> Rate:
    rate = float(totals.total_cents) / totals.requests
    own = [
        float(part.total_cents) / part.requests
        for part in parts
        if part.model == model and part.requests >= MIN_REQUESTS
    ]
    low, high = (percentile(own, 25), percentile(own, 75)) if own else (rate, rate)
    return Rate(model, rate, min(low, rate), max(high, rate), totals.requests)


def alternative(model: str, rates: dict[str, Rate]) -> Rate | None:
    """One step down from a dear `model`: the dearest trusted one at half its rate or less, if any."""
    dear, requests = rates.get(model), sum(rate.requests for rate in rates.values())
    spent = sum(rate.cents * rate.requests for rate in rates.values())
    if dear is None or dear.cents * requests <= spent:
        return None  # at or below what the team pays for a request anyway
    trusted = [
        rate
        for rate in rates.values()
        if rate.cents * DEAR_RATIO <= dear.cents and rate.requests >= TRUSTED_SHARE * requests
    ]
    return max(trusted, key=lambda rate: (rate.cents, rate.model), default=None)


def _saving(part: Part, cheaper: Rate, palette: Palette) -> Saving | None:
    spent = float(part.total_cents)
    low, high = max(spent - part.requests * cheaper.high, 0), spent - part.requests * cheaper.low
    if not part.requests or (low + high) / 2 < MIN_SAVING_CENTS:
        return None
    dear, instead = palette.model(part.model), palette.model(cheaper.model)
    return Saving(part.member_id, dear, instead, part.requests, spent, low, high)
