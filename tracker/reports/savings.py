"""What the same requests would have cost on a cheaper model that the team uses: an estimated range."""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

from tracker.reports.badges import MIN_REQUESTS, percentile
from tracker.reports.usage import Parts
from tracker.widgets.palette import Palette, PaletteModel

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


class Saving(NamedTuple):
    """One member's requests of one dear model, at the rates of a cheaper one. All in cents."""

    member_id: int
    model: PaletteModel
    instead: PaletteModel
    requests: int
    spent: float
    low: float  # saved, were the requests like the dearer ones of the cheaper model
    high: float  # saved, were they like its cheaper ones

    @property
    def middle(self) -> float:
        return (self.low + self.high) / 2


def savings(chosen: Parts, everybody: Parts, palette: Palette) -> list[Saving]:
    """Savings of the `chosen` parts at the rates of `everybody`, the largest first."""
    rates = model_rates(everybody)
    found = [
        saving
        for model in rates
        if (cheaper := alternative(model, rates))
        for saving in _of_model(rates[model], chosen.of_model(model), cheaper, palette)
    ]
    return sorted(found, key=lambda each: -each.middle)


def model_rates(parts: Parts) -> dict[str, Rate]:
    """Rates by model, of models with a request. The range is that of members with MIN_REQUESTS or more."""
    return {model: _rate(model, parts.of_model(model)) for model in parts.served.by_model}


def _rate(model: str, parts: Parts) -> Rate:
    rate = float(parts.total.total_cents) / parts.total.requests
    steady = parts.where(parts.table["requests"] >= MIN_REQUESTS)
    own = (steady.spent_cents / steady.table["requests"]).tolist()
    low, high = (percentile(own, 25), percentile(own, 75)) if own else (rate, rate)
    return Rate(model, rate, min(low, rate), max(high, rate), parts.total.requests)


def alternative(model: str, rates: dict[str, Rate]) -> Rate | None:
    """What a dear `model` could be changed for: the dearest trusted one at half its rate or less, if any.

    Dear is what costs more than the team pays for a request; no dear model is offered in another's place.
    """
    dear, requests = rates.get(model), sum(rate.requests for rate in rates.values())
    spent = sum(rate.cents * rate.requests for rate in rates.values())
    if dear is None or dear.cents * requests <= spent:
        return None
    most = min(dear.cents / DEAR_RATIO, spent / requests)
    trusted = [r for r in rates.values() if r.cents <= most and r.requests >= TRUSTED_SHARE * requests]
    return max(trusted, key=lambda rate: (rate.cents, rate.model), default=None)


def _of_model(dear: Rate, parts: Parts, cheaper: Rate, palette: Palette) -> list[Saving]:
    """What each member would save on the requests that the dear model served; too little is left out."""
    served = parts.served
    spent, requests = served.spent_cents, served.table["requests"]
    low, high = (spent - requests * cheaper.high).clip(lower=0), spent - requests * cheaper.low
    worth = (low + high) / 2 >= MIN_SAVING_CENTS
    rows = (column[worth].tolist() for column in (served.table["member_id"], requests, spent, low, high))
    model, instead = palette.model(dear.model), palette.model(cheaper.model)
    return [Saving(member_id, model, instead, *figures) for member_id, *figures in zip(*rows, strict=True)]
