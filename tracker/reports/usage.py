"""Sums over rollups: what members did in a period, what models cost, what a day cost."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Collection, Container, Iterable, Sequence
from dataclasses import dataclass
from decimal import Decimal
from functools import cached_property
from typing import Any, NamedTuple

from collector.base.money import in_cents
from collector.base.statements import count_sum, micro_sum
from collector.facts.weeks import (
    OF_AGENTS,
    Weekly,
    of_weeks,
)
from collector.facts.worth import TOKEN_WEIGHTS
from tracker.reports.sql import Row, fetch, summed


class Totals(NamedTuple):
    """Sums of usage, and the rates that follow from them; a rate over no requests is None.

    Money is added up in millionths of a cent, which are whole numbers, and becomes cents where it is read: of
    a thousand members a page shows fifty.
    """

    requests: int = 0
    failed_requests: int = 0
    cache_read_tokens: int = 0
    runs: int = 0  # of cloud agents and automations
    agent_requests: int = 0  # what those runs asked
    total_micro: int = 0
    billed_micro: int = 0
    agent_micro: int = 0  # what those runs cost

    @property
    def total_cents(self) -> Decimal:
        return in_cents(self.total_micro)

    @property
    def billed_cents(self) -> Decimal:
        return in_cents(self.billed_micro)

    @property
    def agent_cents(self) -> Decimal:
        return in_cents(self.agent_micro)

    @property
    def included_cents(self) -> Decimal:
        return in_cents(self.total_micro - self.billed_micro)

    @property
    def cents_per_request(self) -> Decimal | None:
        """Without runs of agents: one may be a single request, or a thousand."""
        asked = self.requests - self.agent_requests
        return in_cents(self.total_micro - self.agent_micro) / asked if asked else None

    @property
    def cents_per_run(self) -> Decimal | None:
        return self.agent_cents / self.runs if self.runs else None

    @property
    def context_tokens(self) -> float | None:
        """Tokens read from the cache per request."""
        return self.cache_read_tokens / self.requests if self.requests else None


def total(of: Collection[Totals]) -> Totals:
    """Of all of them together."""
    return Totals._make(map(sum, zip(*of, strict=True))) if of else Totals()


class Part(NamedTuple):
    """What one member did with one model: whole numbers in the order of `SUMS` and `MORE`."""

    member_id: int
    model: str
    requests: int = 0  # served ones
    failed_requests: int = 0
    cache_read_tokens: int = 0
    runs: int = 0
    agent_requests: int = 0
    micro: int = 0  # spend in millionths of a cent
    billed_micro: int = 0
    agent_micro: int = 0
    max_mode_requests: int = 0
    tokens: float = 0.0  # in input tokens' worth

    @property
    def totals(self) -> Totals:
        return Totals._make(self[2 : 2 + len(SUMS)])


class ModelUsage(NamedTuple):
    """What there is in a period by model: only those that have anything in it."""

    by_model: dict[str, Totals]
    people: dict[str, int]  # by model: people with a served request; no service account, nothing unattributed
    total: Totals


@dataclass(frozen=True)
class Usage:
    """The parts of a period that have anything in them, and what they add up to."""

    parts: Sequence[Part]
    people_ids: Container[int]  # of whom `ModelUsage.people` counts

    @cached_property
    def by_member(self) -> dict[int, Totals]:
        return added_up(self.parts, Part._fields.index("member_id"))

    @cached_property
    def models(self) -> ModelUsage:
        people = Counter(
            part.model for part in self.parts if part.requests and part.member_id in self.people_ids
        )
        by_model = added_up(self.parts, Part._fields.index("model"))
        return ModelUsage(by_model, people, total(by_model.values()))

    def main_model(self, member_id: int) -> str | None:
        """The model with most of a member's served requests; of two alike, the one that cost more."""
        served = [part for part in self._parts_by_member.get(member_id, ()) if part.requests]
        most = max(served, key=lambda part: (part.requests, part.micro, part.model), default=None)
        return most.model if most else None

    def costliest(self, member_id: int) -> Part | None:
        """The part that most of a member's spend went to."""
        own = self._parts_by_member.get(member_id, ())
        return max(own, key=lambda part: (part.micro, part.model), default=None)

    @cached_property
    def _parts_by_member(self) -> dict[int, list[Part]]:
        by_member: dict[int, list[Part]] = defaultdict(list)
        for part in self.parts:
            by_member[part.member_id].append(part)
        return dict(by_member)


# In the order of `Totals`, of rows of days.
SUMS = (
    count_sum("requests"),
    count_sum("failed_requests"),
    count_sum("cache_read_tokens"),
    count_sum("runs"),
    count_sum("requests", OF_AGENTS),
    micro_sum("total_cents"),
    micro_sum("billed_cents"),
    micro_sum("total_cents", OF_AGENTS),
)
WHOLE = 20  # what makes whole numbers of the weights, of which PostgreSQL adds up one sum faster than four
WEIGHED = " + ".join(f"{name} * {round(weight * WHOLE)}" for name, weight in TOKEN_WEIGHTS.items())
PART_KEYS = ("member_id", "model")
# What weeks have of a member with a model, and of it what `Part` has besides the keys.
PART_FIGURES = (
    "requests",
    "failed_requests",
    "cache_read_tokens",
    "runs",
    "total_micro",
    "billed_micro",
    "max_mode_requests",
    *(name for name in TOKEN_WEIGHTS if name != "cache_read_tokens"),
)
PART_SUMS = (
    *map(count_sum, PART_FIGURES[:4]),
    count_sum("requests", OF_AGENTS),
    *map(count_sum, PART_FIGURES[4:6]),
    count_sum("total_micro", OF_AGENTS),
    count_sum("max_mode_requests"),
    f"CAST({count_sum(WEIGHED)} AS DOUBLE PRECISION) / {WHOLE}",
)


def part_rows(rows: Weekly) -> list[Row]:
    """What each member did with each model, if anything, as `Part` takes it. One query."""
    figures = summed(of_weeks(rows, (*PART_KEYS, "surface"), PART_FIGURES), PART_KEYS, *PART_SUMS)
    return [row for row in fetch(figures) if any(row[2:-2])]


def added_up(parts: Iterable[Row], place: int) -> dict[Any, Totals]:
    """By what stands in that place of each: two keys, then `SUMS`."""
    own = defaultdict[Any, list[tuple[Any, ...]]](list)
    for part in parts:
        own[part[place]].append(part[2 : 2 + len(SUMS)])
    return {key: Totals._make(map(sum, zip(*sums, strict=True))) for key, sums in own.items()}


class Day(NamedTuple):
    """One day's spend and requests."""

    total_cents: Decimal = Decimal(0)
    billed_cents: Decimal = Decimal(0)
    requests: int = 0
