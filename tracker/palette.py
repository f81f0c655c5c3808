"""One colour for each model, the same on every page; the names that models go by here."""

from __future__ import annotations

from dataclasses import dataclass

from django.core.cache import cache
from django.db.models import Min

from collector.models import MemberModelDay

SLOTS = 12  # colours in tokens.css
OTHER = "other"
CACHE_KEY, CACHE_SECONDS = "tracker.palette", 15 * 60


@dataclass(frozen=True)
class Model:
    name: str
    slot: str


def slots() -> dict[str, str]:
    """Every model ever used, in the order it was first seen, with its colour: that order never changes.

    One query over the whole rollup, kept for a quarter of an hour.
    """
    known = cache.get(CACHE_KEY)
    if known is None:
        known = {model: str(rank % SLOTS + 1) for rank, model in enumerate(_by_first_day())}
        if known:
            cache.set(CACHE_KEY, known, CACHE_SECONDS)
    return known


def _by_first_day() -> list[str]:
    rows = MemberModelDay.objects.order_by().values("model").annotate(first=Min("day"))
    return [row["model"] for row in sorted(rows, key=lambda row: (row["first"], row["model"]))]


def model(key: str) -> Model:
    """How `key` is named and coloured; a model newer than the last look is grey until the next."""
    return Model(display_name(key), slots().get(key, OTHER))


def display_name(key: str) -> str:
    """The vendor's own name, but for `default`, which its users know as Auto, and for none."""
    return {"default": "Auto", "": "(no model named)"}.get(key, key)
