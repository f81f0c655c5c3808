"""The models the company uses and what a token of each costs.

Rates are in millionths of a cent per token, which is dollars per million tokens times one hundred.
"""

from dataclasses import dataclass

import numpy as np

MICRO = 1_000_000  # millionths of a cent in a cent
TOKEN_FEE = 25  # Cursor Token Rate: $0.25 per million tokens, on third-party models


@dataclass(frozen=True)
class PricedModel:
    name: str
    input: float
    cache_write: float
    cache_read: float
    output: float
    has_fee: bool = True
    discount_percent: int = 0
    popularity: float = 0.0  # share among the requests that are not Auto


# Order matters: an event holds the position of its model. The first one is Auto.
MODELS = (
    PricedModel("default", 125, 125, 25, 600, has_fee=False),
    PricedModel("claude-sonnet-5-thinking-medium", 200, 250, 20, 1000, popularity=0.30),
    PricedModel("claude-sonnet-5-thinking-high", 200, 250, 20, 1000, popularity=0.12),
    PricedModel("claude-4.5-sonnet", 300, 375, 30, 1500, popularity=0.08),
    PricedModel("claude-opus-4-8-thinking-high", 500, 625, 50, 2500, popularity=0.10),
    PricedModel("gpt-5.3-codex-high", 175, 0, 17.5, 1400, popularity=0.09),
    PricedModel("gpt-5.5-medium", 500, 0, 50, 3000, popularity=0.06),
    PricedModel("gpt-5.6-terra-medium", 200, 250, 20, 1200, popularity=0.07),
    PricedModel("composer-2.5", 50, 0, 20, 250, has_fee=False, popularity=0.08),
    PricedModel("composer-2.5-fast", 300, 0, 50, 1500, has_fee=False, popularity=0.03),
    PricedModel("gemini-3.5-flash", 150, 0, 15, 900, discount_percent=10, popularity=0.04),
    PricedModel("cursor-grok-4.5-high", 200, 0, 50, 600, has_fee=False, popularity=0.03),
    PricedModel("claude-fable-5-thinking-high", 1000, 1250, 100, 5000, popularity=0.008),
    PricedModel("claude-4.6-opus-high-thinking-fast", 3000, 3750, 300, 15000),
)
AUTO = 0
ESTABLISHED = range(1, 12)  # those that many people use
EXPENSIVE = 12
MOST_EXPENSIVE = 13


def position(name: str) -> int:
    """Return the place of the model called `name`; ValueError if the company does not know it."""
    return [model.name for model in MODELS].index(name)


def rates(field: str) -> np.ndarray:
    """Return one rate (or other number) of every model, in their order."""
    return np.array([getattr(model, field) for model in MODELS], dtype=np.float64)
