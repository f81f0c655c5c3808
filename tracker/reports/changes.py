"""Spend against that of earlier days: the figures behind the columns of change."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from decimal import Decimal
from functools import cached_property
from typing import Any, TypeVar

from django.db.models import Sum

from collector.base.money import cents
from collector.models import MemberModelDay
from collector.models.totals import MemberModelDayQuerySet
from tracker.periods import Comparison


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


class Changes:
    """Of the rows that `limit` leaves, wherever anything was spent; empty where nothing is compared.

    One query for members and models, one for surfaces.
    """

    def __init__(
        self,
        comparison: Comparison | None,
        limit: Callable[[MemberModelDayQuerySet], MemberModelDayQuerySet],
    ) -> None:
        self.comparison, self.limit = comparison, limit

    @property
    def by_member(self) -> Mapping[int, Change]:
        return added_up(self._by_member_and_model, lambda key: key[0])

    @property
    def by_model(self) -> Mapping[str, Change]:
        return added_up(self._by_member_and_model, lambda key: key[1])

    @cached_property
    def by_surface(self) -> Mapping[str, Change]:
        return added_up(self._by("surface"), lambda key: str(key[0]))

    @cached_property
    def _by_member_and_model(self) -> Mapping[tuple[int, str], Change]:
        return self._by("member_id", "model")

    def _by(self, *keys: str) -> Mapping[tuple[Any, ...], Change]:
        if self.comparison is None:
            return {}
        counted, earlier = self.comparison.counted_rows, self.comparison.earlier_rows
        rows = self.limit(MemberModelDay.objects.filter(counted | earlier)).order_by().values_list(*keys)
        sums = rows.annotate(
            compared=Sum("total_cents", filter=counted, default=0),
            before=Sum("total_cents", filter=earlier, default=0),
        )
        changes = {tuple(key): Change(cents(compared), cents(before)) for *key, compared, before in sums}
        return {key: change for key, change in changes.items() if change != NO_CHANGE}


def added_up(changes: Mapping[Key, Change], part: Callable[[Key], Part]) -> Mapping[Part, Change]:
    """By one part of the keys."""
    sums: dict[Part, Change] = defaultdict(Change)
    for key, change in changes.items():
        sums[part(key)] += change
    return dict(sums)
