"""What the same tokens would have cost on a cheaper model that the team uses: an estimated range.

Models are compared by price per token, never per request: larger tasks do not make a model more
expensive. Tokens of the four kinds count by what their kind costs.
"""

from collections.abc import Container, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from statistics import quantiles
from typing import NamedTuple

from collector.base.money import MICRO_PLACES
from tracker.reports.sql import float_cents
from tracker.reports.usage import ModelSums, Part, SpendPart, Usage
from tracker.widgets.palette import Palette, PaletteModel

# A model is offered as the cheaper one only if it serves this share of the team's requests or more.
TRUSTED_SHARE = 0.05
# The expensive model's tokens cost this many times the cheaper one's, or more.
EXPENSIVE_RATIO = 2
# Less than this is not worth a line.
MIN_SAVING_CENTS = 100
LEAST_MICRO = MIN_SAVING_CENTS * 10**MICRO_PLACES  # of what costs no more, no more can be saved


@dataclass(frozen=True, slots=True)
class Price:
    """Cents per input token's worth of one model: of the whole team, and the middle half of its members."""

    model: str
    cents: float
    low: float
    high: float
    requests: int
    tokens: float


class Saving(NamedTuple):
    """One member's tokens on an expensive model, at the prices of a cheaper one. Money in cents."""

    member_id: int
    model: PaletteModel
    instead: PaletteModel
    requests: int
    tokens: float
    spent: float
    billed: float  # the part of `spent` that is billed on demand
    low: float  # saved at the higher prices that members pay for the cheaper model
    high: float  # saved at the lower ones

    @property
    def middle(self) -> float:
        return (self.low + self.high) / 2

    @property
    def billed_share(self) -> float:
        return self.billed / self.spent if self.spent else 0.0

    @property
    def off_bill(self) -> tuple[float, float]:
        """What would leave the invoice, at least and at most: never more than was billed."""
        share = self.billed_share
        return self.low * share, self.high * share

    @property
    def of_plan(self) -> tuple[float, float]:
        """What would be left of the plan for other requests."""
        share = 1 - self.billed_share
        return self.low * share, self.high * share

    @property
    def cents_per_token_saved(self) -> float:
        """The difference of the two prices, as its `middle` implies."""
        return self.middle / self.tokens


def added(ranges: Iterable[tuple[float, float]]) -> tuple[float, float]:
    """Of all of them, at least and at most."""
    ends = list(ranges)
    return sum(least for least, _ in ends), sum(most for _, most in ends)


def offers(sums: Mapping[str, ModelSums]) -> dict[str, Price]:
    """By model that could be changed for another: the price of that, without its spread."""
    prices = {
        model: Price(model, cents, cents, cents, own.totals.requests, own.tokens)
        for model, own in sums.items()
        if own.totals.requests and own.tokens
        for cents in [float(own.totals.total_cents) / own.tokens]
    }
    return {model: offer for model in prices if (offer := alternative(model, prices))}


def savings(everybody: Usage, own: Usage, people_ids: Container[int], palette: Palette) -> list[Saving]:
    """What the filters leave, at the prices of everybody, the largest first. Of people alone: nobody chooses
    a service account's model here."""
    known = {
        model: (palette.model(model), palette.model(price.model), with_spread(price, everybody.steady_prices))
        for model, price in offers(everybody.sums).items()
    }
    found = (
        saving(part, *known[part.model])
        for part in own.parts
        if part.model in known and part.total_micro >= LEAST_MICRO and part.tokens and part.requests
        if part.member_id in people_ids
    )
    return sorted(filter(None, found), key=lambda saving: -saving.middle)


def with_spread(price: Price, steady_prices: Mapping[str, Sequence[float]]) -> Price:
    """The same with what the middle half of the model's steady members pay."""
    own = steady_prices.get(price.model, ())
    if len(own) < 2:
        return price
    first, _, third = quantiles(own, n=4, method="inclusive")
    return replace(price, low=min(first, price.cents), high=max(third, price.cents))


def alternative(model: str, prices: dict[str, Price]) -> Price | None:
    """What a model could be changed for: the most expensive trusted one at half its price or less, if any.

    Only a model that costs more than the team pays for a token is changed, and only for one that costs less.
    """
    price, requests = prices.get(model), sum(price.requests for price in prices.values())
    tokens = sum(price.tokens for price in prices.values())
    average = sum(price.cents * price.tokens for price in prices.values()) / tokens if tokens else 0.0
    if price is None or price.cents <= average:
        return None
    most = min(price.cents / EXPENSIVE_RATIO, average)
    trusted = [p for p in prices.values() if p.cents <= most and p.requests >= TRUSTED_SHARE * requests]
    return max(trusted, key=lambda offer: (offer.cents, offer.model), default=None)


def saving(part: Part | SpendPart, model: PaletteModel, instead: PaletteModel, price: Price) -> Saving | None:
    """None where it is not worth a line."""
    spent, tokens = float_cents(part.total_micro), part.tokens
    low, high = max(spent - tokens * price.high, 0.0), max(spent - tokens * price.low, 0.0)
    if (low + high) / 2 < MIN_SAVING_CENTS:
        return None
    billed = float_cents(part.billed_micro)
    return Saving(part.member_id, model, instead, part.requests, tokens, spent, billed, low, high)
