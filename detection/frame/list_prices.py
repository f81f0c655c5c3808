"""What a model's tokens cost by Cursor's public price list: for usage without a cost, where the team's own
charges say nothing of its model.

An estimate, never shown as a charge. Dollars per million input tokens; other kinds of tokens cost about the
multiples in `collector.facts.worth`. The list moves: a new price is a new row above the old one, with the
day on which it was first seen.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import date

# Cursor's price list, as published on these days.
PAGE = "cursor.com/docs/models-and-pricing"
# A model that nobody knows is not free.
UNKNOWN_DOLLARS = 2.0


@dataclass(frozen=True)
class ListPrice:
    """`words` that a model's name must hold, in any order; the first row that fits counts."""

    words: tuple[str, ...]
    dollars: float
    seen_on: date
    source: str = PAGE


def _seen(month: int, day: int) -> date:
    return date(2026, month, day)


PRICES = (
    ListPrice(("auto",), 1.25, _seen(2, 22)),
    ListPrice(("default",), 1.25, _seen(2, 22)),
    ListPrice(("opus", "5.5", "fast"), 8.0, _seen(9, 30)),
    ListPrice(("opus", "5.5"), 4.0, _seen(9, 30)),
    ListPrice(("opus", "fast"), 30.0, _seen(2, 22)),
    ListPrice(("opus",), 5.0, _seen(2, 22)),
    ListPrice(("fable",), 10.0, _seen(6, 14)),
    ListPrice(("sonnet", "1m"), 6.0, _seen(2, 22)),
    ListPrice(("sonnet", "5.5"), 2.0, _seen(9, 30)),
    ListPrice(("sonnet", "5"), 2.0, _seen(8, 16)),
    ListPrice(("sonnet",), 3.0, _seen(2, 22)),
    ListPrice(("haiku",), 1.0, _seen(2, 22)),
    ListPrice(("composer", "2.5", "fast"), 3.0, _seen(5, 24)),
    ListPrice(("composer", "2", "fast"), 1.5, _seen(4, 5)),
    ListPrice(("composer", "2.5"), 0.5, _seen(5, 24)),
    ListPrice(("composer", "2"), 0.5, _seen(4, 5)),
    ListPrice(("composer",), 3.5, _seen(2, 22)),
    ListPrice(("gpt", "nano"), 0.2, _seen(4, 5)),
    ListPrice(("gpt", "5.4", "mini"), 0.75, _seen(4, 5)),
    ListPrice(("gpt", "mini"), 0.25, _seen(2, 22)),
    ListPrice(("gpt", "luna"), 0.2, _seen(8, 2)),
    ListPrice(("gpt", "terra"), 2.0, _seen(8, 2)),
    ListPrice(("gpt", "sol"), 4.0, _seen(9, 30)),
    ListPrice(("gpt", "5.5"), 5.0, _seen(4, 26)),
    ListPrice(("gpt", "5.4"), 2.5, _seen(4, 5)),
    ListPrice(("gpt", "5.3"), 1.75, _seen(2, 22)),
    ListPrice(("gpt", "5.2"), 1.75, _seen(2, 22)),
    ListPrice(("gpt", "fast"), 2.5, _seen(2, 22)),
    ListPrice(("gpt",), 1.25, _seen(2, 22)),
    ListPrice(("gemini", "3", "flash"), 0.5, _seen(2, 22)),
    ListPrice(("gemini", "3.5", "flash"), 1.5, _seen(5, 24)),
    ListPrice(("gemini", "3.6", "flash"), 1.5, _seen(7, 26)),
    ListPrice(("gemini", "2.5", "flash"), 0.3, _seen(2, 22)),
    ListPrice(("gemini", "flash"), 0.75, _seen(8, 16)),
    ListPrice(("gemini",), 2.0, _seen(2, 22)),
    ListPrice(("grok", "code"), 0.2, _seen(2, 22)),
    ListPrice(("grok", "fast"), 4.0, _seen(7, 12)),
    ListPrice(("grok", "4.3"), 1.25, _seen(5, 10)),
    ListPrice(("grok",), 2.0, _seen(4, 5)),
    ListPrice(("glm", "flash"), 0.15, _seen(9, 30)),
    ListPrice(("glm",), 1.4, _seen(9, 30)),
    ListPrice(("kimi", "k3"), 3.0, _seen(9, 30)),
    ListPrice(("kimi",), 0.95, _seen(9, 30)),
)


def list_cents(model: str) -> float:
    """Cents per token of an input token's worth by the list; a guess for a model that it does not have."""
    name = re.sub(r"(?<=\d)-(?=\d)", ".", model.lower())  # opus-4-8 is opus 4.8
    words = set(re.split(r"[^a-z0-9.]+", name))
    for price in PRICES:
        if words.issuperset(price.words):
            return price.dollars * 100 / 1e6
    return UNKNOWN_DOLLARS * 100 / 1e6
