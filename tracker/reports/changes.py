"""Spend against that of earlier days: the figures behind the columns of change."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from operator import itemgetter
from typing import TypeVar


@dataclass(frozen=True)
class Change:
    """Spend of whole days, and of the earlier days that they are held against, in cents."""

    compared_cents: Decimal = Decimal(0)
    before_cents: Decimal = Decimal(0)

    @property
    def cents(self) -> Decimal:
        return self.compared_cents - self.before_cents

    @property
    def ratio(self) -> float | None:
        """0.5 is half as much again; None where nothing was spent before."""
        return float(self.compared_cents / self.before_cents) - 1 if self.before_cents else None

    def __add__(self, other: Change) -> Change:
        return Change(self.compared_cents + other.compared_cents, self.before_cents + other.before_cents)


NO_CHANGE = Change()
Key = TypeVar("Key")
Part = TypeVar("Part")


@dataclass(frozen=True)
class Changes:
    """Wherever anything was spent; empty where nothing is compared."""

    by_member: Mapping[int, Change] = field(default_factory=dict)
    by_model: Mapping[str, Change] = field(default_factory=dict)
    by_surface: Mapping[str, Change] = field(default_factory=dict)


def changes_by_key(changes: Mapping[tuple[int, str, str], Change]) -> Changes:
    """Of changes by (member, model, surface)."""
    return Changes(*(added_up(changes, itemgetter(place)) for place in range(3)))


def added_up(changes: Mapping[Key, Change], part: Callable[[Key], Part]) -> Mapping[Part, Change]:
    """By one part of the keys, wherever anything was spent."""
    sums: dict[Part, Change] = defaultdict(Change)
    for key, change in changes.items():
        sums[part(key)] += change
    return {key: change for key, change in sums.items() if change != NO_CHANGE}
