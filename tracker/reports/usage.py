"""Sums over rollups: what a member did with a model, what a day cost."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterable
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import NamedTuple, TypeVar

from django.db.models import Count, Q, Sum

from collector.models import DailyActivity
from collector.models.activity import BetweenDaysQuerySet
from collector.models.usage import MemberModelDayQuerySet

Key = TypeVar("Key", bound=Hashable)


class Part(NamedTuple):
    """What one member did with one model in a period."""

    member_id: int
    model: str
    requests: int
    billed_requests: int
    failed_requests: int
    max_mode_requests: int
    total_cents: Decimal
    billed_cents: Decimal
    cache_read_tokens: int


SUMMED = Part._fields[2:]


@dataclass
class Totals:
    """Sums of parts, and the rates that follow from them; a rate over no requests is None."""

    requests: int = 0
    billed_requests: int = 0
    failed_requests: int = 0
    max_mode_requests: int = 0
    total_cents: Decimal = Decimal(0)
    billed_cents: Decimal = Decimal(0)
    cache_read_tokens: int = 0

    def add(self, part: Part) -> None:
        self.requests += part.requests
        self.billed_requests += part.billed_requests
        self.failed_requests += part.failed_requests
        self.max_mode_requests += part.max_mode_requests
        self.total_cents += part.total_cents
        self.billed_cents += part.billed_cents
        self.cache_read_tokens += part.cache_read_tokens

    @property
    def included_cents(self) -> Decimal:
        return self.total_cents - self.billed_cents

    @property
    def cents_per_request(self) -> Decimal | None:
        return self.total_cents / self.requests if self.requests else None

    @property
    def context_tokens(self) -> float | None:
        """Tokens read from the cache per request."""
        return self.cache_read_tokens / self.requests if self.requests else None


def parts(rows: MemberModelDayQuerySet) -> list[Part]:
    """One part per member and model of `rows` that has anything in it. One query."""
    sums = {f"sum_{name}": Sum(name) for name in SUMMED}
    found = rows.order_by().values_list("member_id", "model").annotate(**sums)
    return [Part(*row) for row in found if any(row[2:])]


def group_by(parts: Iterable[Part], key: Callable[[Part], Key]) -> dict[Key, Totals]:
    """Totals of `parts` by whatever `key` says."""
    found: dict[Key, Totals] = {}
    for part in parts:
        name = key(part)
        if name not in found:
            found[name] = Totals()
        found[name].add(part)
    return found


def total(parts: Iterable[Part]) -> Totals:
    found = Totals()
    for part in parts:
        found.add(part)
    return found


def request_days(rows: MemberModelDayQuerySet) -> dict[int, int]:
    """Days with at least one served request, by member id. One query."""
    used = rows.filter(requests__gt=0).order_by().values_list("member_id")
    return dict(used.annotate(days=Count("day", distinct=True)))


class Day(NamedTuple):
    """One day's spend and requests."""

    total_cents: Decimal = Decimal(0)
    billed_cents: Decimal = Decimal(0)
    requests: int = 0


def by_day(rows: MemberModelDayQuerySet) -> dict[date, Day]:
    """Days that have rows. One query."""
    sums = [Sum(name) for name in Day._fields]
    return {row[0]: Day(*row[1:]) for row in rows.order_by().values_list("day").annotate(*sums)}


class Activity(NamedTuple):
    """What one member's `DailyActivity` sums to."""

    active_days: int = 0
    lines_added: int = 0
    accepts: int = 0
    applies: int = 0
    tabs_accepted: int = 0


def activity(rows: BetweenDaysQuerySet) -> dict[int, Activity]:
    """By member id. One query."""
    sums = {f"sum_{name}": Sum(name) for name in Activity._fields[1:]}
    days = Count("pk", filter=Q(is_active=True))
    found = rows.order_by().values_list("member_id").annotate(days=days, **sums)
    return {row[0]: Activity(*row[1:]) for row in found}


def activity_between(first: date, last: date) -> BetweenDaysQuerySet:
    """Activity rows from `first` to `last`, both included."""
    return DailyActivity.objects.between(first, last)
