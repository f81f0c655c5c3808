"""One colour for each model, the same on every page; the names that models go by here."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from django.core.cache import cache
from django.db.models import Min

from collector.models import MemberModelDay

SLOTS = 12  # colours in tokens.css
OTHER = "other"
CACHE_KEY, CACHE_SECONDS = "tracker.palette", 15 * 60


@dataclass(frozen=True)
class Model:
    key: str
    name: str
    slot: str


class Palette:
    """Every model ever used, in the order it was first seen: an order that later use never changes."""

    def __init__(self, models: Sequence[str], first_day: date | None = None) -> None:
        self.models = tuple(models)
        self.first_day = first_day  # of all usage: days before it are unknown, not empty
        self._known = {
            key: Model(key, display_name(key), str(rank % SLOTS + 1)) for rank, key in enumerate(self.models)
        }

    def model(self, key: str) -> Model:
        """A model newer than the palette is grey until the palette is next made."""
        return self._known.get(key) or Model(key, display_name(key), OTHER)


def load() -> Palette:
    """One query over the whole rollup, its answer kept for a quarter of an hour."""
    known = cache.get(CACHE_KEY)
    if known is None:
        known = _by_first_day()
        if known:
            cache.set(CACHE_KEY, known, CACHE_SECONDS)
    return Palette([model for _, model in known], known[0][0] if known else None)


def _by_first_day() -> list[tuple[date, str]]:
    rows = MemberModelDay.objects.order_by().values_list("model").annotate(Min("day"))
    return sorted((day, model) for model, day in rows)


def display_name(key: str) -> str:
    """The vendor's own name, but for `default`, which its users know as Auto, and for none."""
    return {"default": "Auto", "": "(no model named)"}.get(key, key)
