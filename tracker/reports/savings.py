"""What the same tokens would have cost on a cheaper model that the team uses: an estimated range.

Models are compared by price per token, never per request: larger tasks do not make a model more
expensive. Tokens of the four kinds count by what their kind costs.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from statistics import quantiles
from typing import NamedTuple

from tracker.reports.badges import MIN_REQUESTS
from tracker.reports.usage import Part
from tracker.widgets.palette import Palette, PaletteModel

# A model is offered as the cheaper one only if it serves this share of the team's requests or more.
TRUSTED_SHARE = 0.05
# The expensive model's tokens cost this many times the cheaper one's, or more.
EXPENSIVE_RATIO = 2
# Less than this is not worth a line.
MIN_SAVING_CENTS = 100


class Use(NamedTuple):
    """What one member did with one model; tokens in input tokens' worth, money in cents."""

    member_id: int
    model: str
    spent: float
    billed: float
    served: int
    tokens: float


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
        return self.low * self.billed_share, self.high * self.billed_share

    @property
    def of_plan(self) -> tuple[float, float]:
        """What would be left of the plan for other requests."""
        return self.low * (1 - self.billed_share), self.high * (1 - self.billed_share)

    @property
    def cents_per_token_saved(self) -> float:
        """The difference of the two prices, as its `middle` implies."""
        return self.middle / self.tokens


def savings(own: Sequence[Use], everybody: Sequence[Use], palette: Palette) -> list[Saving]:
    """Savings of `own` at the prices of `everybody`, the largest first."""
    prices = model_prices(everybody)
    instead = {model: cheaper for model in prices if (cheaper := alternative(model, prices))}
    cheaper_prices = {price.model: with_spread(price, everybody) for price in instead.values()}
    all_savings = [
        _saving(use, cheaper_prices[instead[use.model].model], palette)
        for use in own
        if use.model in instead and use.tokens and use.served
    ]
    worth_a_line = [saving for saving in all_savings if saving.middle >= MIN_SAVING_CENTS]
    return sorted(worth_a_line, key=lambda saving: -saving.middle)


def model_prices(used: Sequence[Use]) -> dict[str, Price]:
    """Prices by model, of models with tokens and a served request."""
    sums: dict[str, list[float]] = {}
    for use in used:
        total = sums.setdefault(use.model, [0.0, 0, 0.0])
        for index, value in enumerate((use.spent, use.served, use.tokens)):
            total[index] += value
    return {
        model: Price(model, cents, cents, cents, int(served), tokens)
        for model, (spent, served, tokens) in sums.items()
        if served and tokens
        for cents in [spent / tokens]
    }


def with_spread(price: Price, used: Sequence[Use]) -> Price:
    """The same with what the middle half of its steady members pay: those with MIN_REQUESTS."""
    own = [
        use.spent / use.tokens
        for use in used
        if use.model == price.model and use.served >= MIN_REQUESTS and use.tokens
    ]
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


def _saving(use: Use, cheaper: Price, palette: Palette) -> Saving:
    return Saving(
        use.member_id, palette.model(use.model), palette.model(cheaper.model), use.served, use.tokens,
        use.spent, use.billed,
        low=max(use.spent - use.tokens * cheaper.high, 0.0),
        high=max(use.spent - use.tokens * cheaper.low, 0.0),
    )  # fmt: skip


def uses(parts: Iterable[Part]) -> list[Use]:
    """The same parts with their money as floats: what is estimated is not an amount."""
    return [Use(part.member_id, part.model, *part.float_cents, part.requests, part.tokens) for part in parts]
